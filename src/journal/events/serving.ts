import { z } from 'zod'
import { event } from '../event.ts'

const analysis = z.object({
  kind: z.string(),
  verdict: z.enum(['pass', 'wait', 'fail']),
  reason: z.string(),
  evidence: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
})

const candidate = {
  endpoint: z.string(),
  /** number of the new revision */
  revision: z.number(),
  model: z.string(),
  version: z.number(),
}

export const servingEvents = {
  'endpoint.created': event('An endpoint was declared', z.object({ model: z.string(), spec: z.unknown() })),
  'endpoint.changed': event(
    "An endpoint's declaration changed",
    z.object({ model: z.string(), spec: z.unknown(), before: z.unknown() }),
  ),
  'endpoint.measured': event(
    'What an endpoint can carry was measured',
    z.object({ revision: z.number(), rowsPerSecond: z.number() }),
  ),
  'endpoint.deleted': event('An endpoint was taken away', z.object({ model: z.string() })),
  'revision.created': event(
    'A model version became a revision of an endpoint',
    z.object({ ...candidate, artifact: z.string() }),
  ),
  'revision.retired': event('A revision no longer predicts on its endpoint', z.object({ ...candidate })),
  'release.started': event(
    'A new revision began its way to the callers',
    z.object({
      ...candidate,
      baseline: z.number().nullable(),
      stage: z.string(),
      percent: z.number(),
      strategy: z.unknown(),
    }),
  ),
  'release.advanced': event(
    'The analyses of a stage passed, the release went to the next',
    z.object({
      ...candidate,
      stage: z.string(),
      percent: z.number(),
      analyses: z.array(analysis),
      by: z.string().optional(),
    }),
  ),
  'release.finished': event(
    'A new revision answers every caller',
    z.object({ ...candidate, baseline: z.number().nullable(), analyses: z.array(analysis) }),
  ),
  'release.rolled_back': event(
    'A new revision was taken out again',
    z.object({
      ...candidate,
      baseline: z.number().nullable(),
      stage: z.string(),
      percent: z.number(),
      reason: z.string(),
      analyses: z.array(analysis),
    }),
  ),
}
