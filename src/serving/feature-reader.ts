import type { Environment } from '../environment.ts'
import { type Reader, startReader } from '../journal/reader.ts'
import { specOf, touchRouting } from './endpoint-rows.ts'

/** Tells inference processes of a new version of a dataset that endpoints look features up in. */
export const startFeatureReader = (environment: Environment): Reader =>
  startReader(environment, {
    name: 'serving.features',
    types: ['dataset_version.published'],
    from: 'now',
    async handle({ project, data }, change) {
      const rows = await change.db.selectFrom('endpoints').selectAll().where('project', '=', project).execute()
      for (const endpoint of rows) {
        const from = specOf(endpoint).features?.from
        if (from?.dataset === data.dataset && from.version === 'latest') await touchRouting(change, endpoint.id)
      }
    },
  })
