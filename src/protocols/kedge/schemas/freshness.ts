import { z } from 'zod'

const time = z.number().meta({ description: 'milliseconds since 1970' })

export const freshnessAnswer = z
  .object({
    dataset: z.string(),
    source: z.string(),
    kind: z.string(),
    owner: z.string().nullable().meta({ description: 'by its contract' }),
    pulledAt: time.nullable().meta({ description: 'when the newest published version was made' }),
    version: z.number().nullable(),
    newestAt: time.nullable().meta({ description: 'time of the newest row in it' }),
    within: z.number().nullable().meta({ description: 'how old the newest row may be, in milliseconds' }),
    declaredIn: z.enum(['contract', 'expectation']).nullable(),
    state: z.enum(['fresh', 'late', 'unknown', 'never']).meta({
      description: 'late: older than it may be; unknown: nothing says how old it may be, or no row has a time',
    }),
    failures: z.number().meta({ description: 'pulls in a row that have not led to a published version' }),
    lastFailure: z.object({ at: time, code: z.string(), message: z.string() }).nullable(),
    quarantined: z.number().nullable(),
    stream: z
      .object({
        state: z.enum(['running', 'paused']),
        connection: z.string(),
        landedAt: time.nullable(),
        problem: z.string().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'DatasetFreshness' })
