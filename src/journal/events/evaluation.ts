import { z } from 'zod'
import { event } from '../event.ts'

const dataset = z.object({ dataset: z.string(), name: z.string() })
const scorer = z.object({ scorer: z.string(), experiment: z.string(), version: z.number().nullable() })

/** What the records and scorers hold is data and has no events; that they changed has. */
export const evaluationEvents = {
  'evaluation_dataset.created': event('An evaluation dataset was created', dataset),
  'evaluation_dataset.changed': event(
    'Records of an evaluation dataset were added, changed or removed',
    dataset.extend({ inserted: z.number(), updated: z.number(), deleted: z.number() }),
  ),
  'evaluation_dataset.deleted': event('An evaluation dataset was deleted with its records', dataset),
  'scorer.registered': event('A version of a scorer was registered', scorer),
  'scorer.deleted': event('A version of a scorer, or all of them, was deleted', scorer),
}
