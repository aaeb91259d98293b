import { z } from 'zod'
import { event } from '../event.ts'

const run = { pipeline: z.string(), run: z.number() }
const input = z.object({
  name: z.string(),
  digest: z.string(),
  dataset: z.string().optional(),
  version: z.number().optional(),
  step: z.string().optional(),
  output: z.string().optional(),
})

export const pipelinesEvents = {
  'pipeline.declared': event(
    'A pipeline was declared or changed',
    z.object({ pipeline: z.string(), digest: z.string(), steps: z.array(z.string()) }),
  ),
  'pipeline.removed': event('A pipeline was removed; its runs stay', z.object({ pipeline: z.string() })),
  'pipeline_run.started': event(
    'A run of a pipeline was asked for',
    z.object({
      ...run,
      digest: z.string(),
      asOf: z.number().nullable(),
      params: z.record(z.string(), z.unknown()),
      force: z.boolean(),
    }),
  ),
  'step.started': event(
    'A step of a pipeline run began, or began again after an interruption',
    z.object({ ...run, step: z.string(), attempt: z.number(), trackingRun: z.string().nullable() }),
  ),
  'step.finished': event(
    'A step of a pipeline run ended',
    z.object({
      ...run,
      step: z.string(),
      state: z.enum(['succeeded', 'skipped', 'failed', 'cancelled', 'blocked']),
      reason: z.string().nullable(),
      exitCode: z.number().nullable(),
      digest: z.string().nullable(),
      /** run whose outputs were used in place of running */
      reusedRun: z.number().nullable(),
      trackingRun: z.string().nullable(),
      inputs: z.array(input),
      outputs: z.array(z.object({ name: z.string(), digest: z.string(), bytes: z.number() })),
      usage: z.object({ cpuSeconds: z.number(), wallSeconds: z.number(), maxMemoryBytes: z.number() }).nullable(),
    }),
    (subject, data) => [
      { thing: subject, source: `pipeline_run/${data.run}`, relation: 'step of' },
      ...data.inputs.flatMap((from) => {
        if (from.dataset !== undefined)
          return [{ thing: subject, source: `dataset_version/${from.dataset}@${from.version}`, relation: 'read' }]
        return from.step === undefined
          ? []
          : [{ thing: subject, source: `step/${data.run}/${from.step}`, relation: 'used the output of' }]
      }),
      ...(data.reusedRun === null
        ? []
        : [{ thing: subject, source: `step/${data.reusedRun}/${data.step}`, relation: 'took the outputs of' }]),
      ...(data.trackingRun === null
        ? []
        : [{ thing: `run/${data.trackingRun}`, source: subject, relation: 'logged by' }]),
    ],
  ),
  'pipeline_run.finished': event(
    'A run of a pipeline ended',
    z.object({
      ...run,
      state: z.enum(['succeeded', 'failed', 'cancelled']),
      asOf: z.number().nullable(),
      error: z.object({ code: z.string(), message: z.string(), todo: z.string() }).nullable(),
      modelVersions: z.array(
        z.object({ step: z.string(), model: z.string(), version: z.number(), reused: z.boolean() }),
      ),
    }),
    (_subject, data) =>
      data.modelVersions.map((made) => ({
        thing: `model_version/${made.model}@${made.version}`,
        source: `step/${data.run}/${made.step}`,
        relation: 'made by',
      })),
  ),
}
