import { z } from 'zod'
import { columnTypes } from '../../../contracts/column.ts'

const time = z.number().meta({ description: 'milliseconds since 1970' })
const type = z.enum(columnTypes)

const skew = z
  .object({
    endpoint: z.string(),
    samples: z.number(),
    different: z.number().meta({ description: 'share of the predictions whose value differs from that of training' }),
    meanDifference: z.number().nullable(),
    computedAt: time,
  })
  .meta({ id: 'FeatureSkew' })

const feature = z
  .object({
    name: z.string(),
    type: type.nullable(),
    how: z.string().meta({ description: '`last`, an aggregate, or `request`' }),
    of: z.string().nullable(),
    where: z.string().nullable(),
    over: z.number().nullable().meta({ description: 'milliseconds' }),
    description: z.string().nullable(),
    skew: z.array(skew),
  })
  .meta({ id: 'Feature' })

export const featureViewAnswer = z
  .object({
    project: z.string(),
    name: z.string(),
    owner: z.string().nullable(),
    description: z.string().nullable(),
    dataset: z.string(),
    entity: z.array(z.string()),
    time: z.string().nullable(),
    ttl: z.number().nullable().meta({ description: 'milliseconds; null: for ever' }),
    features: z.array(feature),
    request: z.record(z.string(), type),
    problem: z.string().nullable().meta({ description: 'why it cannot be used now' }),
    live: z.boolean().meta({ description: 'rows reach lookups as they land, else with each version' }),
    version: z.number().nullable(),
    entities: z.number().nullable(),
    newest: time.nullable(),
    freshness: z.number().nullable().meta({ description: 'milliseconds since the newest row that lookups know' }),
    specDigest: z.string(),
    spec: z.record(z.string(), z.unknown()),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'FeatureView' })

export const featureLookupAnswer = z
  .object({
    at: time,
    items: z.array(z.object({ key: z.string(), values: z.record(z.string(), z.unknown()) })),
  })
  .meta({ id: 'FeatureLookup' })

export const trainingSetAnswer = z
  .object({
    project: z.string(),
    name: z.string(),
    spec: z.record(z.string(), z.unknown()),
    specDigest: z.string(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'TrainingSet' })
