import { z } from 'zod'
import { event } from '../event.ts'

const thing = z.object({
  id: z.string(),
  name: z.string(),
  deletedAt: z.number(),
  /** artifacts and their bytes; a blob of them goes when nothing else needs it */
  files: z.number(),
  bytes: z.number(),
})

export const garbageEvents = {
  'run.collected': event('A deleted run was taken out of the store for good', thing),
  'experiment.collected': event('A deleted experiment was taken out of the store for good', thing),
  'logged_model.collected': event('A deleted logged model was taken out of the store for good', thing),
  'model_version.collected': event(
    'The files of a deleted model version were let go',
    z.object({ model: z.string(), version: z.number(), deletedAt: z.number(), bytes: z.number() }),
  ),
  'garbage.collected': event(
    'What was deleted and what nothing needs any more was taken away',
    z.object({
      graceMs: z.number(),
      runs: z.number(),
      experiments: z.number(),
      loggedModels: z.number(),
      modelVersions: z.number(),
      blobs: z.number(),
      bytes: z.number(),
    }),
  ),
}
