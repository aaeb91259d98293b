import type { Environment } from '../environment.ts'
import { type Reader, startReader } from '../journal/reader.ts'
import { specOf, touchRouting } from './endpoint-rows.ts'

/** Tells inference processes of a new version of a dataset, or a view made anew, that endpoints look features up in. */
export const startFeatureReader = (environment: Environment): Reader =>
  startReader(environment, {
    name: 'serving.features',
    types: ['dataset_version.published', 'feature_view.built'],
    from: 'now',
    async handle({ project, data }, change) {
      const rows = await change.db.selectFrom('endpoints').selectAll().where('project', '=', project).execute()
      for (const endpoint of rows) {
        const features = specOf(endpoint).features
        if (!features) continue
        const concerned =
          'view' in features
            ? 'view' in data && features.view === data.view
            : 'dataset' in data && features.from.dataset === data.dataset && features.from.version === 'latest'
        if (concerned) await touchRouting(change, endpoint.id)
      }
    },
  })
