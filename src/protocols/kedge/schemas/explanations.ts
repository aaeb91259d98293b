import { z } from 'zod'
import { explanationDefinition } from '../../../serving/explain/explanation.ts'

/** Times are event times in milliseconds since 1970; attributions are in `unit`. */
const time = z.number().int()
const value = z.union([z.number(), z.string()]).nullable()

const windowDefinition = explanationDefinition.extend({
  /** how days and their samples are weighed */
  estimate: z.string(),
})

const missing = z.object({ missing: z.string() })

export const attributionDrift = z.union([
  missing,
  z.object({
    /** total variation between the features' shares: 0 the same, 1 quite others */
    distance: z.number(),
    /** permutation test of the distance */
    p: z.number(),
    /** rows of each side */
    reference: z.number(),
    current: z.number(),
    /** whose attributions it is compared with: `model/NAME/VERSION` (the reference), or a day of the endpoint */
    against: z.object({ scope: z.string(), day: time, revision: z.number(), text: z.string() }),
    /** in the model's own order */
    features: z.array(
      z.object({
        reference: z.number(),
        current: z.number(),
        low: z.number(),
        high: z.number(),
        p: z.number(),
        adjusted: z.number(),
      }),
    ),
  }),
])

const notExplained = z.object({
  day: time,
  revision: z.number(),
  state: z.enum(['failed', 'unsupported']),
  reason: z.string(),
})

export const globalImportance = z.object({
  definition: windowDefinition.nullable(),
  segment: z.string(),
  /** segments that there are, those with most rows first */
  segments: z.array(z.string()),
  revisions: z.array(z.number()),
  days: z.number(),
  rows: z.number(),
  samples: z.number(),
  /** largest difference between what attributions add up to and the score */
  residual: z.number().nullable(),
  features: z.array(
    z.object({
      feature: z.string(),
      value: z.number(),
      low: z.number(),
      high: z.number(),
      mean: z.number(),
      share: z.number(),
    }),
  ),
  /** names in the model's own order, in which `drift` tells features */
  order: z.array(z.string()),
  drift: attributionDrift.nullable(),
  otherwise: z.number(),
  notExplained: z.array(notExplained),
})

export const explanationHistory = z.object({
  definition: windowDefinition.nullable(),
  segment: z.string(),
  features: z.array(z.string()),
  items: z.array(
    z.object({
      day: time,
      revision: z.number(),
      rows: z.number(),
      samples: z.number(),
      residual: z.number().nullable(),
      values: z.array(z.object({ value: z.number(), low: z.number(), high: z.number() })),
      drift: z.union([missing, z.object({ distance: z.number(), p: z.number() })]).nullable(),
    }),
  ),
  otherwise: z.number(),
  notExplained: z.array(notExplained),
})

export const sampledExplanations = z.object({
  definition: windowDefinition.nullable(),
  base: z.number().nullable(),
  features: z.array(z.string()),
  rows: z.array(
    z.object({
      id: z.string(),
      time,
      revision: z.number(),
      score: z.number(),
      output: z.number(),
      residual: z.number(),
      values: z.array(value),
      attributions: z.array(z.number()),
    }),
  ),
  withoutFeatures: z.number(),
})

export const dependence = z.object({
  definition: windowDefinition.nullable(),
  feature: z.string(),
  colour: z.string().nullable(),
  points: z.array(z.object({ id: z.string(), value, attribution: z.number(), colour: value })),
})

export const localExplanation = explanationDefinition.extend({
  id: z.string(),
  time,
  revision: z.number(),
  model: z.string(),
  version: z.number(),
  features: z.array(z.string()),
  base: z.number(),
  output: z.number(),
  /** the score on record, and what the model gives now */
  recorded: z.number().nullable(),
  score: z.number(),
  residual: z.number(),
  attributions: z.array(
    z.object({ feature: z.string(), value, attribution: z.number(), error: z.number().nullable() }),
  ),
})

export const modelProfile = z.object({
  task: z.enum(['binary', 'regression']),
  rows: z.number(),
  computedAt: time,
  permutation: z
    .object({
      metric: z.string(),
      score: z.number(),
      repeats: z.number(),
      confidence: z.number(),
      features: z.array(z.object({ feature: z.string(), value: z.number(), low: z.number(), high: z.number() })),
    })
    .nullable(),
  why: z.string().nullable(),
  dependence: z.array(
    z.object({
      feature: z.string(),
      grid: z.array(z.union([z.number(), z.string()])),
      mean: z.array(z.number()),
      low: z.array(z.number()),
      high: z.array(z.number()),
    }),
  ),
})
