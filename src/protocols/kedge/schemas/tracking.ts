import { z } from 'zod'

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
})

export const metricHistory = z.object({
  key: z.string(),
  /** how many points there are; fewer are returned when they were thinned */
  total: z.number(),
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
