import { z } from 'zod'
import { watchedRequests } from './watched-request.ts'

const moments = z.object({ n: z.number(), sum: z.number(), sumSquares: z.number() })
const role = z.object({
  predictions: z.number(),
  errors: z.number(),
  calls: z.number(),
  failedCalls: z.number(),
  latency: z.record(z.coerce.number(), z.number()),
  score: moments,
  bins: z.array(z.number()),
  busy: z.number().default(0),
})

/** What an inference process tells control twice a second. */
export const inferenceReport = z.object({
  /** one start of one process */
  boot: z.string(),
  node: z.string(),
  /** the routing that it serves */
  routing: z.string(),
  addresses: z.object({ http: z.string().nullable(), grpc: z.string().nullable() }),
  memory: z.number(),
  spool: z.object({ bytes: z.number(), dropped: z.number(), rejected: z.number(), full: z.boolean().default(false) }),
  revisions: z.array(
    z.object({
      endpoint: z.number(),
      revision: z.number(),
      state: z.enum(['loading', 'ready', 'failed']),
      error: z.string().nullable(),
      /** as the model itself says it */
      task: z.string().nullable(),
      features: z.array(z.object({ name: z.string(), type: z.enum(['number', 'category']) })).nullable(),
      counters: z.object({
        live: role,
        shadow: role,
        difference: moments,
        skipped: z.number(),
        unrecorded: z.number().default(0),
        refused: z.number().default(0),
        cpu: z.number().default(0),
      }),
    }),
  ),
  /** slow and failed requests of the endpoints where there are new ones */
  requests: z.array(z.object({ endpoint: z.number(), requests: watchedRequests })).default([]),
})

export type InferenceReport = z.output<typeof inferenceReport>
