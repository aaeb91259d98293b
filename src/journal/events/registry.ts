import { z } from 'zod'
import { event } from '../event.ts'

const version = z.object({ model: z.string(), version: z.number() })
/** The model is a prompt: one of MLflow's registered texts. */
const prompt = z.literal(true).optional()
const described = { description: z.string().optional(), tags: z.record(z.string(), z.string()).optional() }

export const registryEvents = {
  'model.created': event('A registered model was created', z.object({ model: z.string(), prompt, ...described })),
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
      prompt,
      source: z.string().optional(),
      ...described,
    }),
  ),
  'model_version.moved': event(
    'A model version was moved to another of MLflow’s stages',
    version.extend({ from: z.string(), to: z.string() }),
  ),
  'model_tag.set': event(
    'A tag of a registered model was set',
    z.object({ model: z.string(), prompt, key: z.string(), value: z.string() }),
  ),
  'model_tag.deleted': event(
    'A tag of a registered model was removed',
    z.object({ model: z.string(), prompt, key: z.string() }),
  ),
  'model_version_tag.set': event(
    'A tag of a model version was set',
    version.extend({ prompt, key: z.string(), value: z.string() }),
  ),
  'model_version_tag.deleted': event(
    'A tag of a model version was removed',
    version.extend({ prompt, key: z.string() }),
  ),
  'model_version.deleted': event('A model version was deleted', version),
  'model_version.converted': event(
    'A Python model was converted to ONNX and compared with itself, or stays in Python',
    version.extend({
      state: z.enum(['converted', 'refused']),
      /** of the folder with the ONNX model */
      digest: z.string().nullable(),
      largestDifference: z.number().nullable(),
      tolerance: z.number(),
      why: z.string().nullable(),
    }),
  ),
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
      prompt,
    }),
  ),
}
