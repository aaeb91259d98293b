import { z } from 'zod'

export const cost = z.object({
  amount: z.number(),
  currency: z.string(),
  estimated: z.boolean().describe('not metered but computed from what the run itself tells'),
  basis: z.string().describe('how it was computed'),
})

/** What a run used, ran with and cost; what is not known is null. */
export const runAccount = z.object({
  resources: z.object({
    wallSeconds: z.number().nullable().describe('until now for a run that has not ended'),
    cpuSeconds: z.number().nullable(),
    maxMemoryBytes: z.number().nullable(),
    gpus: z.number(),
    runningFor: z.number().nullable().describe('it has not ended: for how many seconds it goes on'),
    host: z
      .object({
        name: z.string(),
        platform: z.string(),
        cpus: z.number(),
        cpuModel: z.string().nullable(),
        memoryBytes: z.number(),
        gpus: z.array(z.string()),
      })
      .nullable(),
    limits: z.object({ cpus: z.number(), memoryBytes: z.number() }).nullable(),
  }),
  cost: cost.nullable(),
  code: z
    .object({
      commit: z.string(),
      branch: z.string().nullable(),
      origin: z.string().nullable(),
      dirty: z.boolean().nullable(),
      untracked: z.array(z.string()),
      diff: z.string().nullable().describe('path of the differences to the commit among the artifacts'),
      entry: z.string().nullable().describe('what was run'),
    })
    .nullable(),
  environment: z
    .object({ python: z.string().nullable(), lockFile: z.string().nullable(), digest: z.string().nullable() })
    .nullable(),
})

export const pipelineRunCost = z.object({
  total: z.number(),
  currency: z.string(),
  steps: z.record(z.string(), z.number()).describe('with interrupted and failed attempts, as far as they were metered'),
})

export const versionCost = z.object({
  total: z.number(),
  currency: z.string(),
  estimated: z.boolean(),
  steps: z.array(
    z.object({
      run: z.number().describe('of the pipeline'),
      step: z.string(),
      cost: z.number().nullable().describe('null: it was not metered'),
    }),
  ),
})
