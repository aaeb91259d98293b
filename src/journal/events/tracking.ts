import { z } from 'zod'
import { event } from '../event.ts'

const experiment = z.object({ id: z.string(), name: z.string() })

/** What a run logs (params, metrics, tags, artifacts) is its data and has no events; its life has. */
export const trackingEvents = {
  'experiment.created': event('An experiment was created', experiment),
  'experiment.renamed': event('An experiment got another name', experiment.extend({ from: z.string() })),
  'experiment.deleted': event('An experiment was marked as deleted', experiment),
  'experiment.restored': event('A deleted experiment was restored', experiment),
  'run.created': event(
    'A run began',
    z.object({
      id: z.string(),
      name: z.string(),
      experiment: z.string(),
      pipelineRun: z.number().nullable(),
      step: z.string().nullable(),
    }),
  ),
  'run.finished': event('A run ended', z.object({ id: z.string(), status: z.string() })),
  'run.read': event(
    'A run logged a version of a dataset as its input',
    z.object({ id: z.string(), dataset: z.string(), version: z.number() }),
    (thing, data) => [{ thing, source: `dataset_version/${data.dataset}@${data.version}`, relation: 'read' }],
  ),
  'run.deleted': event('A run was marked as deleted', z.object({ id: z.string() })),
  'run.restored': event('A deleted run was restored', z.object({ id: z.string() })),
  'logged_model.created': event(
    'A model was logged, not yet registered',
    z.object({ id: z.string(), name: z.string(), experiment: z.string(), run: z.string().nullable() }),
  ),
  'logged_model.deleted': event('A logged model was marked as deleted', z.object({ id: z.string() })),
  'traces.deleted': event('Traces were deleted', z.object({ experiment: z.string(), traces: z.number() })),
}
