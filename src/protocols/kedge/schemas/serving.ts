import { z } from 'zod'
import { releaseStrategy } from '../../../serving/endpoint-spec.ts'
import { runtimeFacts } from '../../../serving/inference-report.ts'

const missingFeatures = z.union([z.enum(['reject', 'null']), z.record(z.string(), z.union([z.number(), z.string()]))])

/** Times are milliseconds since 1970, durations milliseconds, shares percent. */
const time = z.number().int()

/** A release strategy as it is kept: shares in percent, durations in milliseconds. */
export const strategyAnswer = z.object({
  shadow: z.union([z.literal(false), z.number()]),
  canary: z.array(z.number()),
  analyse: z.array(z.looseObject({ kind: z.string() })),
  samples: z.number(),
  duration: z.number(),
  patience: z.number(),
})

export const endpointSpecAnswer = z.object({
  model: z.string(),
  release: strategyAnswer,
  automatic: z.boolean(),
  keepShadow: z.boolean(),
  record: z.object({
    share: z.number(),
    whenFull: z.enum(['answer', 'refuse']),
    personal: z.record(z.string(), z.enum(['hash', 'drop'])).describe('features that stand on record masked'),
  }),
  threshold: z.number(),
  limits: z.object({
    concurrency: z.number().optional(),
    queue: z.number(),
    wait: z.number(),
    timeout: z.number(),
    rate: z.object({ count: z.number(), per: z.number() }).optional(),
  }),
  inputs: z.object({ unknownCategories: z.string(), ranges: z.string() }),
  features: z
    .union([
      z.object({
        from: z.object({ dataset: z.string(), version: z.union([z.literal('latest'), z.number()]) }),
        key: z.string(),
        columns: z.array(z.string()),
        missing: missingFeatures,
      }),
      z.object({
        view: z.string(),
        key: z.string().optional(),
        columns: z.array(z.string()).optional(),
        missing: missingFeatures,
      }),
    ])
    .optional()
    .describe('what is looked up, in a dataset or a feature view, by a key that callers send'),
})

export const liveStats = z.object({
  /** predictions per second over the last ten seconds; null where the model is served elsewhere */
  rate: z.number().nullable(),
  /** milliseconds, over the last minute; null without predictions */
  p50: z.number().nullable(),
  p99: z.number().nullable(),
  /** share (0 to 1) of predictions that failed, over the last minute; null without predictions */
  errorRate: z.number().nullable(),
  /** since the revision exists */
  predictions: z.number(),
  errors: z.number(),
  /** shadow predictions since the revision exists */
  shadowPredictions: z.number(),
  /** answered, but not recorded: the spool or its disk was full */
  unrecorded: z.number(),
  /** not answered, because they could not be recorded and the endpoint says `whenFull: refuse` */
  refused: z.number(),
  /** processor time of the inference processes for it since it exists, its shadow predictions too */
  cpuSeconds: z.number(),
})

export const revisionInstance = z.object({
  /** which inference process */
  node: z.string(),
  state: z.enum(['loading', 'ready', 'failed']),
  /** why it cannot be loaded */
  error: z.string().nullable(),
  /** how it runs the model, as it measured it; null until it is loaded */
  runtime: runtimeFacts.nullable(),
})

export const revision = z.object({
  number: z.number(),
  model: z.string(),
  version: z.number(),
  artifact: z.string(),
  kind: z.string(),
  state: z.enum(['new', 'live', 'shadow', 'retired', 'failed']),
  /** percent of the callers' predictions */
  percent: z.number(),
  shadow: z.boolean(),
  createdAt: time,
  retiredAt: time.nullable(),
  live: liveStats,
  instances: z.array(revisionInstance),
})

export const analysisResult = z.object({
  kind: z.string(),
  verdict: z.enum(['pass', 'wait', 'fail']),
  reason: z.string(),
  evidence: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
})

export const releaseStageReport = z.object({
  stage: z.enum(['shadow', 'canary', 'full']),
  percent: z.number(),
  startedAt: time,
  finishedAt: time.nullable(),
  /** predictions of the new revision in this stage */
  predictions: z.number(),
  analyses: z.array(analysisResult),
})

export const release = z.object({
  id: z.number(),
  project: z.string(),
  endpoint: z.string(),
  revision: z.number(),
  model: z.string(),
  version: z.number(),
  /** the revision that it would replace */
  baseline: z.number().nullable(),
  state: z.enum(['running', 'finished', 'rolled_back', 'aborted']),
  stage: z.enum(['shadow', 'canary', 'full']),
  percent: z.number(),
  /** predictions of the new revision in the present stage, and how many it needs at least */
  progress: z.object({ predictions: z.number(), needed: z.number() }),
  strategy: strategyAnswer,
  analyses: z.array(analysisResult),
  stages: z.array(releaseStageReport),
  reason: z.string().nullable(),
  cause: z.number().nullable(),
  startedAt: time,
  finishedAt: time.nullable(),
})

export const endpoint = z.object({
  project: z.string(),
  name: z.string(),
  model: z.string(),
  spec: endpointSpecAnswer,
  /** empty: no revision yet; starting: no inference process has it loaded; ready; failed: the revision cannot be loaded; external: its model is served elsewhere */
  state: z.enum(['empty', 'starting', 'ready', 'failed', 'external']),
  /** the revisions that predict now */
  traffic: z.array(z.object({ revision: z.number(), version: z.number(), percent: z.number(), shadow: z.boolean() })),
  live: liveStats,
  /** processor time of its predictions × price; null where no price is set */
  cost: z.object({ amount: z.number(), currency: z.string() }).nullable(),
  /** the running one, else the last */
  release: release.nullable(),
  createdAt: time,
  updatedAt: time,
})

export const endpointDetail = endpoint.extend({
  /** newest first */
  revisions: z.array(revision),
  /** feature names and types of the model that answers now; null while it is not known */
  features: z.array(z.object({ name: z.string(), type: z.enum(['number', 'category']) })).nullable(),
  task: z.string().nullable(),
  /** where to predict: base addresses of the inference listeners */
  addresses: z.object({ http: z.string().nullable(), grpc: z.string().nullable() }),
})

export const endpointList = z.object({ items: z.array(endpoint) })
export const releaseList = z.object({ items: z.array(release), total: z.number() })

export const releaseStart = z.object({
  /** a number, or an alias such as `@champion` */
  version: z.union([z.number().int().positive(), z.string()]),
  model: z.string().optional(),
  strategy: releaseStrategy.optional(),
})

export const releaseDecision = z.object({ reason: z.string().min(1).max(1000) })

export const uploadAnswer = z.object({ digest: z.string(), bytes: z.number() })

/** Either files that were uploaded before (path in the model's folder → digest), or a version that is registered. */
export const deployRequest = z.object({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'letters, digits, dot, underscore, dash; at most 100'),
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)).optional(),
  /** `NAME@ALIAS` or `NAME/VERSION` */
  model: z.string().optional(),
})

export const deployAnswer = z.object({
  endpoint: z.string(),
  model: z.string(),
  version: z.number(),
  revision: z.number(),
  release: z.number(),
  state: z.enum(['empty', 'starting', 'ready', 'failed']),
  addresses: z.object({ http: z.string().nullable(), grpc: z.string().nullable() }),
  features: z.array(z.object({ name: z.string(), type: z.enum(['number', 'category']) })).nullable(),
})
