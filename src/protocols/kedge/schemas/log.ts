import { z } from 'zod'
import { columnRoles } from '../../../monitoring/log-columns.ts'
import { externalEndpointSpec } from '../../../monitoring/log-endpoint-spec.ts'
import { logKinds } from '../../../monitoring/log-files.ts'
import { fileFormats } from '../../../monitoring/log-table.ts'

/** Times are milliseconds since 1970. */
const time = z.number().int()
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in hex')

const prediction = z.unknown().meta({
  description:
    'id (ours when absent), time (milliseconds since 1970 or ISO 8601; now when absent), features {name: number, text, truth value or list of numbers}, score, label, version (of the model, any text), actual, latencyMs',
  examples: [{ id: 'a1', features: { distance: 120, origin: 'SFO' }, score: 0.7, version: '3' }],
})
const actual = z.unknown().meta({
  description: 'id of the prediction, and value: a number, a truth value or a class',
  examples: [{ id: 'a1', value: 1 }],
})

export const predictionsLogged = z.union([
  z.array(prediction).min(1),
  z.strictObject({ items: z.array(prediction).min(1) }),
])
export const actualsLogged = z.union([z.array(actual).min(1), z.strictObject({ items: z.array(actual).min(1) })])

export const logAnswer = z.object({
  accepted: z.number(),
  actuals: z.number().describe('actuals that came with the predictions'),
  unknown: z.number().describe('actuals whose prediction has not come yet'),
  ids: z
    .array(z.object({ index: z.number(), id: z.string() }))
    .describe('what predictions without an id are called, by their place in the list'),
})

export const actualsAnswer = z.object({
  accepted: z.number(),
  unknown: z.number().describe('actuals whose prediction has not come yet: they are kept, and join it when it comes'),
  changed: z.number().describe('actuals that are new or another than before; only their windows are computed again'),
})

export const storedFile = z.object({ digest, bytes: z.number() })

export const logFileRequest = z.strictObject({
  kind: z.enum(logKinds),
  digest: digest.describe('of the stored file'),
  format: z.enum(fileFormats),
  columns: columnRoles.default({}),
  version: z.string().max(1000).optional().describe('the version of all rows; of a reference: whose it is'),
  dryRun: z.boolean().default(false).describe('says how the columns would be read, and takes nothing'),
})

export const filePlan = z.object({
  rows: z.number(),
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      as: z
        .string()
        .describe('id, time, score, label, actual, version, latency; number or category: a feature; left out'),
      what: z.string(),
    }),
  ),
})

export const loggedFile = z.object({
  rows: z.number(),
  actuals: z.number(),
  unknown: z.number(),
  changed: z.number(),
  again: z.number(),
})

export const logFileAnswer = z.object({ jobId: z.number().nullable(), plan: filePlan.nullable() })

export const referenceRequest = z.strictObject({
  dataset: z.string().min(1),
  version: z.union([z.literal('latest'), z.number().int().min(1)]).default('latest'),
  columns: columnRoles.default({}),
  of: z.string().default('').describe('the version of the model that it is for; all when empty'),
})

export const loggedReference = z.object({
  version: z.string(),
  digest: z.string(),
  origin: z.union([z.object({ file: z.string() }), z.object({ dataset: z.string(), version: z.number() })]),
  rows: z.number(),
  setAt: time,
})

export const externalEndpoint = z.object({
  project: z.string(),
  name: z.string(),
  spec: externalEndpointSpec,
  createdAt: time,
  updatedAt: time,
  versions: z.array(z.object({ version: z.string(), revision: z.number(), createdAt: time })),
  references: z.array(loggedReference),
})

export const unknownActuals = z.object({
  count: z.number().describe('ids with an actual and without a prediction'),
  newest: z.array(z.object({ id: z.string(), value: z.union([z.number(), z.string()]), receivedAt: time })),
})

export const loggedExplanation = z.object({
  id: z.string().min(1).max(256).describe('of the prediction'),
  kind: z.string().min(1).max(100).default('shap'),
  values: z.record(z.string(), z.number()).describe('feature → what it added'),
})
