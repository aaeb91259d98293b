import { z } from 'zod'

const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** Milliseconds, or text such as `30s`, `10m`, `6h`, `7d`. */
export const duration = z
  .union([
    z.number().int().nonnegative(),
    z.string().regex(/^\d+(ms|s|m|h|d|w)$/, 'is not a duration such as 30s, 10m or 7d'),
  ])
  .transform((value) => {
    if (typeof value === 'number') return value
    const [, amount, name] = /^(\d+)(\D+)$/.exec(value)!
    return Number(amount) * unit[name as keyof typeof unit]
  })

/** A share of the traffic: `5%` or 5. */
export const percent = z
  .union([z.number(), z.string().regex(/^\d+(\.\d+)?\s*%$/, 'is not a percentage such as 5%')])
  .transform((value) => (typeof value === 'number' ? value : Number.parseFloat(value)))
  .pipe(z.number().min(0).max(100))

const masking = z.enum(['hash', 'drop'])
type Masking = z.output<typeof masking>

/**
 * Features whose values are of persons, and how they stand on record: `hash` puts the same pseudonym for the same value, which
 * leads nobody back without the server's key; `drop` leaves the column out. A list alone hashes. `$id` are the ids of
 * predictions; actuals find theirs by the ids that callers know.
 */
const personalColumns = z
  .union([z.array(z.string().min(1)), z.record(z.string().min(1), masking)])
  .transform((given) =>
    Array.isArray(given) ? Object.fromEntries(given.map((name) => [name, 'hash' as const])) : given,
  )
  .refine(
    (given) => given.$id !== 'drop',
    'a prediction without an id could not be told from another: $id can be hashed',
  )

/** Which predictions are recorded and how, and what happens to those that cannot be. A percentage alone is the share. */
const recording = z
  .union([
    percent.transform((share) => ({ share })),
    z.strictObject({
      /** share of the predictions that is recorded */
      share: percent.default(100),
      /** when the spool or its disk is full: answer all the same and count what is missing, or answer nothing that is not recorded (503) */
      whenFull: z.enum(['answer', 'refuse']).default('answer'),
      personal: personalColumns.prefault([]),
    }),
  ])
  .transform((given: { share: number; whenFull?: 'answer' | 'refuse'; personal?: Record<string, Masking> }) => ({
    share: given.share,
    whenFull: given.whenFull ?? ('answer' as const),
    personal: given.personal ?? {},
  }))

const analysisName = z.string().regex(/^[a-z][a-z0-9_]*$/)

/** How a new revision comes to an endpoint: judged in the shadow of the present one, then with a growing share of the traffic. */
export const releaseStrategy = z
  .strictObject({
    /** predictions that the new revision must have made in shadow before it answers a caller; `false` leaves the stage out */
    shadow: z.union([z.literal(false), z.number().int().positive()]).default(200),
    /** shares of the traffic, rising; 100 % follows the last by itself */
    canary: z
      .array(percent)
      .default([5, 25])
      .refine(
        (steps) => steps.every((step, i) => step > 0 && (i === 0 || step > steps[i - 1]!)),
        'the shares must rise',
      )
      .transform((steps) => steps.filter((step) => step < 100)),
    /** what must not be worse than with the present revision; a name, or a name with its settings */
    analyse: z
      .array(
        z.union([
          analysisName.transform((kind) => ({ kind }) as { kind: string } & Record<string, unknown>),
          z.looseObject({ kind: analysisName }),
        ]),
      )
      .default([{ kind: 'errors' }, { kind: 'latency' }, { kind: 'agreement' }, { kind: 'performance' }]),
    /** predictions of the new revision in each canary stage before it may go on */
    samples: z.number().int().positive().default(200),
    /** how long each stage lasts at least */
    duration: duration.default(0),
    /** a stage that has not passed after this long ends the release */
    patience: duration.default(14 * 86_400_000),
  })
  .prefault({})

const period = { s: 1000, m: 60_000, h: 3_600_000 } as const

/** Requests of one caller in so many milliseconds: `100/s`, `5000/m`, `20/h`. */
const callRate = z.union([
  z.strictObject({ count: z.number().int().positive(), per: z.number().positive() }),
  z
    .string()
    .regex(/^[1-9]\d{0,8}\/[smh]$/, 'is not a rate such as 100/s')
    .transform((text) => {
      const [count, unit] = text.split('/') as [string, keyof typeof period]
      return { count: Number(count), per: period[unit] }
    }),
])

const onStrange = z.enum(['reject', 'flag', 'pass']).default('pass')

/**
 * What becomes of values that the model's reference (the rows it learned from and was judged by) does not have. `flag` answers
 * and says so. A revision without a reference knows no values, and takes all.
 */
export const inputPolicy = z
  .strictObject({
    /** a category that the reference does not have */
    unknownCategories: onStrange,
    /** a number below the reference's smallest or above its largest */
    ranges: onStrange,
  })
  .prefault({})

/** How much of a node's time an endpoint may take, and how long its callers wait. */
export const callLimits = z
  .strictObject({
    /** calls of the model at once; as many as its runtime can run beside each other when absent */
    concurrency: z.number().int().positive().optional(),
    /** calls that may be in progress beyond those; one more is refused at once (429) */
    queue: z.number().int().nonnegative().default(1000),
    /** a call that would wait longer than this for its turn is refused at once, too; for one call of the model it may always wait */
    wait: duration.default(100),
    /** time for one call when its caller names none */
    timeout: duration.pipe(z.number().positive()).default(60_000),
    /** requests of one caller, by its token, or by its address where there are no tokens; more are refused (429) */
    rate: callRate.optional(),
  })
  .prefault({})

const missingFeatures = z
  .union([
    z.enum(['reject', 'null']),
    z.null().transform(() => 'null' as const),
    z.record(z.string(), z.union([z.number(), z.string()])),
  ])
  .default('reject')

/**
 * Features that callers leave out and Kedge looks up in a dataset, by a key that they send among their features. What a caller
 * sends all the same goes before what is looked up.
 */
const datasetFeatures = z.strictObject({
  /** a dataset's name, for its latest version, or `{ dataset, version }`; a new version is served as soon as it is published */
  from: z.union([
    z
      .string()
      .min(1)
      .transform((dataset) => ({ dataset, version: 'latest' as const })),
    z.strictObject({
      dataset: z.string().min(1),
      version: z.union([z.literal('latest'), z.number().int().positive()]).default('latest'),
    }),
  ]),
  /** column of the dataset, and the feature that brings its value */
  key: z.string().min(1),
  /** columns of the dataset that are features of the model */
  columns: z.array(z.string().min(1)).min(1).max(1000),
  /** a key that is not there: the request is refused, its features are missing (`null`), or have these values */
  missing: missingFeatures,
})

/** The same of a feature view, whose rows are known to lookups as soon as they have landed where they come by a stream. */
const viewFeatures = z.strictObject({
  view: z.string().min(1),
  /** the feature that brings the entity; named as the view's entity when absent */
  key: z.string().min(1).optional(),
  /** features of the view that are features of the model; all when absent */
  columns: z.array(z.string().min(1)).min(1).max(1000).optional(),
  missing: missingFeatures,
})

const servedFeatures = z.union([datasetFeatures, viewFeatures])

/** Declares an endpoint of `kedge.yaml`: which model it serves and how new versions come to it. */
export const endpointSpec = z.strictObject({
  /** name of the registered model */
  model: z.string().min(1),
  release: releaseStrategy,
  /** whether the champion, when the endpoint is declared, and later each version that passes its gate are released without being asked for */
  automatic: z.boolean().default(true),
  /** the very first revision goes on predicting in shadow for ever: what would be if nothing had been retrained */
  keepShadow: z.boolean().default(false),
  /** a share such as `10%`, or `{ share: 100%, whenFull: refuse }` */
  record: recording.prefault(100),
  /** probability from which a binary model's label is the positive one */
  threshold: z.number().min(0).max(1).default(0.5),
  limits: callLimits,
  inputs: inputPolicy,
  features: servedFeatures.optional(),
})

export type EndpointSpec = z.output<typeof endpointSpec>
export type EndpointSpecInput = z.input<typeof endpointSpec>
export type ReleaseStrategy = z.output<typeof releaseStrategy>
