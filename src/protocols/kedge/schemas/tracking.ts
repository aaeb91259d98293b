import { z } from 'zod'
import { runAccount } from './costs.ts'

/** Times are milliseconds since 1970. A metric that is not a number is null. */
export const experimentAnswer = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(['active', 'deleted']),
  tags: z.record(z.string(), z.string()),
  runs: z.number().describe('active runs'),
  createdAt: z.number(),
  updatedAt: z.number(),
})

export const runSummary = z.object({
  id: z.string(),
  name: z.string(),
  experimentId: z.string(),
  experiment: z.string(),
  user: z.string(),
  status: z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']),
  state: z.enum(['active', 'deleted']),
  startTime: z.number().nullable(),
  endTime: z.number().nullable(),
  pipelineRun: z.number().nullable(),
  step: z.string().nullable(),
  params: z.record(z.string(), z.string()),
  metrics: z.record(z.string(), z.number().nullable()).describe('the latest value of each'),
  tags: z.record(z.string(), z.string()),
})

export const runList = z.object({
  items: z.array(runSummary),
  total: z.number(),
  /** what occurs in the runs found, for the table's columns */
  columns: z.object({ params: z.array(z.string()), metrics: z.array(z.string()), tags: z.array(z.string()) }),
})

export const runDetail = runSummary.extend({
  artifactUri: z.string(),
  latest: z.array(z.object({ key: z.string(), value: z.number().nullable(), step: z.number(), time: z.number() })),
  inputs: z.array(
    z.object({
      name: z.string(),
      digest: z.string(),
      sourceType: z.string(),
      source: z.string(),
      context: z.string().nullable(),
    }),
  ),
  loggedModels: z.array(
    z.object({ id: z.string(), name: z.string(), direction: z.enum(['input', 'output']), step: z.number() }),
  ),
  modelVersions: z.array(z.object({ model: z.string(), version: z.number() })),
  ...runAccount.partial().shape,
})

export const metricHistory = z.object({
  key: z.string(),
  /** how many points there are; fewer are returned when they were thinned */
  total: z.number(),
  within: z.number().describe('points in the range that was asked for'),
  firstTime: z.number().nullable().describe('of the whole metric'),
  points: z.array(z.object({ step: z.number(), time: z.number(), value: z.number().nullable() })),
})

export const artifactList = z.object({
  items: z.array(
    z.object({
      path: z.string(),
      name: z.string(),
      directory: z.boolean(),
      bytes: z.number().nullable(),
      digest: z.string().nullable(),
    }),
  ),
})

export const runComparison = z.object({
  runs: z.array(runSummary),
  params: z.array(z.object({ key: z.string(), values: z.array(z.string().nullable()), differs: z.boolean() })),
  metrics: z.array(z.object({ key: z.string(), values: z.array(z.number().nullable()), differs: z.boolean() })),
  tags: z.array(z.object({ key: z.string(), values: z.array(z.string().nullable()), differs: z.boolean() })),
})

export const runColumnList = z.object({
  items: z.array(
    z.object({
      kind: z.enum(['metric', 'param', 'tag']),
      key: z.string(),
      runs: z.number().describe('active runs that have it'),
    }),
  ),
  complete: z.boolean().describe('false: of the newest runs alone, the others are being counted; ask again'),
})

export const runCells = z.object({
  fields: z.array(z.string()),
  rows: z
    .record(z.string(), z.array(z.union([z.string(), z.number(), z.null()])))
    .describe('id of the run → its values in the order of the fields; a metric that is not a number is "NaN"'),
})

export const runGroups = z.object({
  items: z.array(
    z.object({
      values: z.array(z.string().nullable()).describe('one for each field of `by`; null: the runs that have none'),
      runs: z.number(),
      lastStart: z.number().nullable(),
      metrics: z.record(
        z.string(),
        z.object({
          runs: z.number().describe('with a number'),
          mean: z.number(),
          least: z.number(),
          most: z.number(),
        }),
      ),
    }),
  ),
  total: z.number().describe('how many groups there are; the largest thousand are given'),
})

export const runView = z.object({ name: z.string(), query: z.string(), actor: z.string(), updatedAt: z.number() })

export const bulkAnswer = z.object({
  changed: z.array(z.string()),
  before: z.record(z.string(), z.string().nullable()).describe('what each had as the tag; empty for other actions'),
})
