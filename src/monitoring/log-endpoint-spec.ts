import { z } from 'zod'
import { columnRoles } from './log-columns.ts'

/** Rows that versions of a model which is served elsewhere are compared with. */
const referenceSpec = z.strictObject({
  dataset: z.string().min(1).meta({ description: 'a dataset of the project' }),
  version: z.union([z.literal('latest'), z.number().int().min(1)]).default('latest'),
  columns: columnRoles.optional().meta({ description: 'which column is what; found by their names when absent' }),
})

/** Declares an endpoint whose model is served elsewhere: it is logged to, and watched like any other. */
export const externalEndpointSpec = z
  .strictObject({
    external: z.literal(true).meta({ description: 'the model is served elsewhere; its predictions are logged' }),
    task: z.enum(['binary', 'regression']).optional().meta({ description: 'found out from the data when absent' }),
    threshold: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .meta({ description: 'probability from which a binary score counts as positive' }),
    positive: z
      .union([z.string(), z.number(), z.boolean()])
      .optional()
      .meta({ description: 'the actual that counts as 1, where actuals are classes: all others count as 0' }),
    features: z
      .record(z.string().min(1).max(256), z.enum(['number', 'category']))
      .optional()
      .meta({ description: 'what predictions must have and nothing else; any features are taken when absent' }),
    reference: referenceSpec.optional(),
  })
  .meta({ id: 'ExternalEndpoint' })

export type ExternalEndpointSpec = z.output<typeof externalEndpointSpec>
export type ExternalEndpointSpecInput = z.input<typeof externalEndpointSpec>

/** Whether a declaration of an endpoint says that its model is served elsewhere. */
export const isExternal = (spec: unknown): boolean =>
  typeof spec === 'object' && spec !== null && (spec as { external?: unknown }).external === true
