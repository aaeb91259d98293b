import { z } from 'zod'
import { event } from '../event.ts'

const delivery = z.object({
  channel: z.string(),
  delivery: z.string(),
  event: z.number().nullable(),
  attempts: z.number(),
})

export const automationEvents = {
  'rule.declared': event(
    'An automation rule was declared or changed',
    z.object({ rule: z.string(), spec: z.unknown() }),
  ),
  'rule.removed': event('An automation rule was removed', z.object({ rule: z.string() })),
  'rule.fired': event(
    'An automation rule started a pipeline',
    z.object({
      rule: z.string(),
      firing: z.number(),
      on: z.string(),
      subject: z.string(),
      pipeline: z.string(),
      run: z.number(),
      asOf: z.number().nullable(),
    }),
    (_subject, data) => [{ thing: `pipeline_run/${data.run}`, source: data.subject, relation: 'started because of' }],
  ),
  'rule.tripped': event(
    'An automation rule stopped, because its retrainings kept leading to nothing: a person must look and reset it',
    z.object({ rule: z.string(), failures: z.number(), reason: z.string() }),
  ),
  'rule.reset': event('A person let a stopped automation rule go on', z.object({ rule: z.string() })),
  'channel.declared': event(
    'A channel for notifications was declared or changed',
    z.object({ channel: z.string(), kind: z.string(), on: z.array(z.string()) }),
  ),
  'channel.removed': event('A channel for notifications was removed', z.object({ channel: z.string() })),
  'delivery.failed': event('A notification was given up after its last try', delivery.extend({ reason: z.string() })),
}
