import { z } from 'zod'
import { columnTypes } from '../contracts/column.ts'

/** What the reference of a model version has, by feature: of numbers the range, of categories all, unless they are too many to tell. */
const inputProfile = z.record(
  z.string(),
  z.object({
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    categories: z.array(z.string()).optional(),
  }),
)

export const routedRevision = z.object({
  number: z.number().int(),
  model: z.string(),
  version: z.number().int(),
  /** digest of the model's folder */
  artifact: z.string(),
  /** which runtime runs it */
  kind: z.string(),
  /** hundredths of a percent of the callers' predictions; all of an endpoint's together are 10,000 or 0 */
  traffic: z.number().int(),
  /** predicts after the answer, recorded but never seen by the caller */
  shadow: z.boolean(),
  /** there where the endpoint's policy for inputs needs it and the version has a reference */
  profile: inputProfile.optional(),
})

const limits = z.object({
  /** calls of the model at once; what its runtime can when absent */
  concurrency: z.number().int().positive().optional(),
  queue: z.number().int().nonnegative().default(1000),
  /** milliseconds, as `timeout` */
  wait: z.number().nonnegative().default(100),
  timeout: z.number().positive().default(60_000),
  rate: z.object({ count: z.number(), per: z.number() }).optional(),
})

const onStrange = z.enum(['reject', 'flag', 'pass']).default('pass')
const inputs = z.object({ unknownCategories: onStrange, ranges: onStrange })

/** Features that stand on record masked, and how. */
const personal = z.record(z.string(), z.enum(['hash', 'drop']))

const featureType = z.enum(columnTypes)

/** A feature view whose rows are followed as they land; times in microseconds. */
const routedView = z.object({
  name: z.string(),
  /** names what its values are a function of; another one is another view */
  generation: z.string(),
  /** sequence of the first landed row that the base has not; null where there is nothing to follow */
  position: z.number().int().nullable(),
  inputs: z.array(z.enum(['number', 'text'])),
  features: z.array(
    z.object({
      name: z.string(),
      type: featureType,
      how: z.enum(['last', 'count', 'sum', 'mean', 'min', 'max', 'distinct']),
      input: z.number().int(),
      over: z.number().nullable(),
    }),
  ),
  span: z.number(),
  ttl: z.number().nullable(),
  /** what requests bring, and what is computed of it */
  request: z.record(z.string(), featureType),
  onDemand: z.array(z.object({ name: z.string(), text: z.string(), type: featureType })),
})

/** A table of features that requests are completed from, by a key that they bring. */
const routedFeatures = z.object({
  /** `customers@12` */
  source: z.string(),
  /** of the Parquet file */
  digest: z.string(),
  key: z.string(),
  /** of several rows of one key the newest by this column is the one */
  time: z.string().optional(),
  columns: z.array(z.object({ name: z.string(), type: z.enum(['number', 'bool', 'text']) })),
  /** what becomes of a key that is not there: the request is refused, its features are missing, or have these values */
  missing: z.union([z.enum(['reject', 'null']), z.record(z.string(), z.union([z.number(), z.string()]))]),
  /** absent: a version of a dataset as it is */
  view: routedView.optional(),
  /** why there is nothing to look up */
  problem: z.string().optional(),
})

export const routedEndpoint = z.object({
  id: z.number().int(),
  project: z.string(),
  name: z.string(),
  /** percent of the predictions that is recorded */
  record: z.number(),
  /** what becomes of a prediction that cannot be recorded */
  whenFull: z.enum(['answer', 'refuse']).default('answer'),
  personal: personal.default({}),
  /** key of the project's pseudonyms, sealed under the secret that processes share; there where something is personal */
  pseudonyms: z.string().optional(),
  threshold: z.number(),
  limits: limits.prefault({}),
  inputs: inputs.prefault({}),
  features: routedFeatures.optional(),
  revisions: z.array(routedRevision),
})

/** What inference processes serve. `version` changes with every change of it. */
export const routing = z.object({ version: z.string(), endpoints: z.array(routedEndpoint) })

export type Routing = z.output<typeof routing>
export type InputProfile = z.output<typeof inputProfile>
export type InputPolicy = z.output<typeof inputs>
export type RoutedView = z.output<typeof routedView>
export type RoutedFeatures = z.output<typeof routedFeatures>
export type PersonalColumns = z.output<typeof personal>
export type CallLimits = z.output<typeof limits>
export type RoutedEndpoint = z.output<typeof routedEndpoint>
export type RoutedRevision = z.output<typeof routedRevision>

/** The whole traffic, in hundredths of a percent. */
export const allTraffic = 10_000
