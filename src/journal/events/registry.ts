import { z } from 'zod'
import { event } from '../event.ts'

const version = z.object({ model: z.string(), version: z.number() })

export const registryEvents = {
  'model.created': event('A registered model was created', z.object({ model: z.string() })),
  'model.changed': event(
    'The description or the declared gate of a registered model changed',
    z.object({ model: z.string() }),
  ),
  'model.renamed': event('A registered model got another name', z.object({ model: z.string(), from: z.string() })),
  'model.deleted': event('A registered model was deleted with its versions', z.object({ model: z.string() })),
  'model_version.created': event(
    'A model version was registered',
    version.extend({
      digest: z.string().nullable(),
      run: z.string().nullable(),
      pipelineRun: z.number().nullable(),
      step: z.string().nullable(),
      datasetVersions: z.array(z.object({ dataset: z.string(), version: z.number(), role: z.string() })),
      /** a gate will decide; its result is an event of its own */
      gated: z.boolean(),
    }),
  ),
  'model_version.deleted': event('A model version was deleted', version),
  'gate.passed': event(
    'A model version passed its gate',
    version.extend({ champion: z.number().nullable(), result: z.number(), reasons: z.array(z.string()) }),
  ),
  'gate.failed': event(
    'A model version did not pass its gate',
    version.extend({ champion: z.number().nullable(), result: z.number().nullable(), reasons: z.array(z.string()) }),
  ),
  'alias.moved': event(
    'An alias was moved to another version',
    z.object({
      model: z.string(),
      alias: z.string(),
      from: z.number().nullable(),
      to: z.number().nullable(),
      reason: z.string(),
    }),
  ),
}
