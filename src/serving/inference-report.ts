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

/** How a process runs a revision's model, as it measured it. */
export const runtimeFacts = z.object({
  place: z.enum(['inline', 'thread', 'process']),
  /** microseconds of one call of the model by its rows, without any waiting; null when plain rows cannot be given to it */
  microseconds: z.record(z.string(), z.number()).nullable(),
  /** rows of one call at which a row costs least; null: calls are neither divided nor joined */
  chunk: z.number().nullable(),
  loadMilliseconds: z.number(),
  /** of memory that the model is taken to need */
  bytes: z.number(),
  /** whether it is in memory now, or comes back with the next call */
  resident: z.boolean(),
  /** rows on record that it answered as they are there before it took a request; null without any */
  verified: z.object({ rows: z.number(), largest: z.number() }).nullable(),
  /** calls of the model, and those that answered several callers at once */
  calls: z.object({ total: z.number(), joined: z.number() }),
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
  /** models in memory: what they are taken to need, how many they are, and how many are known */
  models: z.object({ bytes: z.number(), resident: z.number(), known: z.number() }).optional(),
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
      runtime: runtimeFacts.nullable().default(null),
      counters: z.object({
        live: role,
        shadow: role,
        difference: moments,
        skipped: z.number(),
        unrecorded: z.number().default(0),
        refused: z.number().default(0),
        shed: z.number().default(0),
        cpu: z.number().default(0),
      }),
    }),
  ),
  /** slow and failed requests of the endpoints where there are new ones */
  requests: z.array(z.object({ endpoint: z.number(), requests: watchedRequests })).default([]),
})

export type InferenceReport = z.output<typeof inferenceReport>
