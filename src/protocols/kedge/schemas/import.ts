import { z } from 'zod'

const pairs = z.record(z.string(), z.string())
const time = z.number().int()
const state = z.enum(['active', 'deleted'])
/** JSON has no NaN and no infinity. */
const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)])
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)

export const importedExperiment = z.strictObject({
  id: z.string().regex(/^\d{1,19}$/),
  name: z.string().min(1).max(500),
  state,
  createdAt: time,
  updatedAt: time,
  tags: pairs,
})

export const importedRun = z.strictObject({
  id,
  experimentId: z.string().describe('in this project: the `target` of its experiment'),
  name: z.string(),
  user: z.string(),
  status: z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']),
  startTime: time.nullable(),
  endTime: time.nullable(),
  state,
  deletedAt: time.nullable(),
  params: pairs,
  tags: pairs,
  datasets: z.array(
    z.strictObject({
      name: z.string(),
      digest: z.string(),
      sourceType: z.string(),
      source: z.string(),
      schema: z.string().nullable(),
      profile: z.string().nullable(),
      tags: z.array(z.strictObject({ key: z.string(), value: z.string() })),
    }),
  ),
  inputModels: z.array(z.string()),
  outputModels: z.array(z.strictObject({ id: z.string(), step: z.number().int() })),
})

export const importedPoints = z.strictObject({
  run: id,
  metrics: z
    .array(
      z.strictObject({
        key: z.string(),
        value: number,
        step: z.number().int(),
        time,
        modelId: z.string().optional(),
        datasetName: z.string().optional(),
        datasetDigest: z.string().optional(),
      }),
    )
    .max(50_000),
})

export const importedLoggedModel = z.strictObject({
  id,
  experimentId: z.string(),
  name: z.string(),
  type: z.string(),
  status: z.string(),
  sourceRun: z.string().nullable(),
  createdAt: time,
  updatedAt: time,
  state,
  params: pairs,
  tags: pairs,
})

export const importedModel = z.strictObject({
  name: z.string().min(1).max(256),
  description: z.string().nullable(),
  createdAt: time,
  updatedAt: time,
  tags: pairs,
  aliases: z.record(z.string(), z.number().int()),
  versions: z.array(
    z.strictObject({
      version: z.number().int().min(1),
      stage: z.string(),
      status: z.string(),
      statusMessage: z.string().nullable(),
      description: z.string().nullable(),
      user: z.string().nullable(),
      source: z.string().describe('an address in this project, or one elsewhere that is kept as it is'),
      runId: z.string().nullable(),
      runLink: z.string().nullable(),
      modelId: z.string().nullable(),
      createdAt: time,
      updatedAt: time,
      tags: pairs,
    }),
  ),
})

export const importOutcomes = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      target: z.string().describe('its id here'),
      result: z
        .enum(['created', 'present', 'conflict'])
        .describe('conflict: the id is taken by something else, and it was left out'),
      differences: z.array(z.string()).describe('where what is here differs from what was given; what is here stays'),
    }),
  ),
})

export const importCheck = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      params: z.number(),
      datasets: z.number(),
      points: z.number(),
      pointsDigest: z
        .string()
        .describe('SHA-256 of the sorted lines `key TAB step TAB time TAB value` of all points, joined by newlines'),
      files: z.number(),
      bytes: z.number(),
    }),
  ),
})

export const importFiles = z.object({
  items: z.array(z.object({ path: z.string(), digest: z.string(), bytes: z.number() })),
})
