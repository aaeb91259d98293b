import { z } from 'zod'
import { columnTypes } from '../../contracts/column.ts'
import { dataName } from '../dataset-spec.ts'
import { checkExpression } from '../expression/compile-expression.ts'

/** A text such as `30m`, `1h`, `7d` stands for so many milliseconds; it is kept as it was written. */
const span = z
  .string()
  .regex(/^[1-9]\d{0,6}[smhdw]$/, 'is not a duration such as 30m, 1h or 7d')
  .meta({ description: 'for example 1h or 7d' })

const expression = (description: string) =>
  z
    .string()
    .min(1)
    .max(10_000)
    .superRefine((text, context) => {
      try {
        checkExpression(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message })
      }
    })
    .meta({ description })

/** How rows of a window become one value. */
export const aggregates = ['count', 'sum', 'mean', 'min', 'max', 'distinct'] as const
export type Aggregate = (typeof aggregates)[number]

const featureName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,99}$/, 'begins with a letter; letters, digits and _ after it; at most 100 of them')

const about = { description: z.string().max(2000).optional() }
const windowed = {
  over: span.meta({ description: 'rows of so long before count; the row at the very moment does, too' }),
  where: expression('only rows for which it is true').optional(),
  ...about,
}

const feature = z.union([
  expression('value of the newest row'),
  z.strictObject({ last: expression('value of the newest row'), ...about }),
  z.strictObject({
    count: z.union([z.literal(true), expression('rows that have a value')]).meta({ description: 'true: all rows' }),
    ...windowed,
  }),
  z.strictObject({ sum: expression('0 without rows'), ...windowed }),
  z.strictObject({ mean: expression('missing without rows'), ...windowed }),
  z.strictObject({ min: expression('missing without rows'), ...windowed }),
  z.strictObject({ max: expression('missing without rows'), ...windowed }),
  z.strictObject({ distinct: expression('how many different values there are'), ...windowed }),
])

/** The schema of `features.<name>` in kedge.yaml: a feature view, one definition for training and for serving. */
export const featureViewSpec = z
  .strictObject({
    from: dataName.meta({ description: 'dataset whose rows the features are made of' }),
    entity: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(5)])
      .meta({ description: 'columns that name whom a row is about; requests and labels bring them' }),
    time: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "column with the time from which on a row is known; the dataset's time when absent" }),
    where: expression('only rows for which it is true count').optional(),
    ttl: span.optional().meta({
      description: 'an entity whose newest row is older has no features; without it rows stay good for ever',
    }),
    owner: z.string().min(1).max(200).optional(),
    description: z.string().max(5000).optional(),
    features: z
      .record(featureName, feature)
      .refine((features) => Object.keys(features).length > 0, 'has no feature')
      .meta({ description: 'name: expression for the value of the newest row, or a value over a window of time' }),
    request: z
      .record(featureName, z.enum(columnTypes))
      .default({})
      .meta({ description: 'what requests and label rows bring for `on_demand`, with its type' }),
    on_demand: z
      .record(featureName, expression('over the features of the view and what the request brings'))
      .default({})
      .meta({ description: 'features that are computed from the request when it comes' }),
  })
  .superRefine(({ features, on_demand, entity }, context) => {
    for (const name of Object.keys(on_demand))
      if (Object.hasOwn(features, name))
        context.addIssue({ code: 'custom', path: ['on_demand', name], message: 'is a feature already' })
    for (const name of entityOf({ entity }))
      if (Object.hasOwn(features, name) || Object.hasOwn(on_demand, name))
        context.addIssue({ code: 'custom', path: ['features', name], message: 'is a column of the entity' })
  })
  .meta({ id: 'FeatureView' })

export type FeatureViewSpec = z.output<typeof featureViewSpec>

/** Columns that name the entity. */
export const entityOf = ({ entity }: Pick<FeatureViewSpec, 'entity'>): string[] =>
  typeof entity === 'string' ? [entity] : entity

/** The schema of `training_sets.<name>`: labels with the features as they were known at each label's time. */
export const trainingSetSpec = z
  .strictObject({
    labels: dataName.meta({ description: 'dataset with an entity, a time and the label in each row' }),
    time: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "column with the moment of the prediction; the dataset's time when absent" }),
    features: z
      .array(
        z.string().regex(/^[a-z][a-z0-9_-]*(\.[A-Za-z][A-Za-z0-9_]*)?$/, 'is no view and no feature such as view.name'),
      )
      .min(1)
      .max(1000)
      .meta({ description: 'feature views, or single features such as customers.age' }),
    keys: z
      .record(z.string(), z.string())
      .default({})
      .meta({ description: 'column of the labels, where an entity is named otherwise there: { customer: buyer }' }),
    label: z.string().min(1).optional().meta({ description: 'the column that models learn' }),
    owner: z.string().min(1).max(200).optional(),
    description: z.string().max(5000).optional(),
  })
  .meta({ id: 'TrainingSet' })

export type TrainingSetSpec = z.output<typeof trainingSetSpec>
