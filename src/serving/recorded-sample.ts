import type { Environment } from '../environment.ts'
import { loadParquet } from '../registry/load-parquet.ts'
import type { ModelSample } from './inference/model-sample.ts'
import type { ServingRegistry } from './serving-registry.ts'

/** columns of a reference that are no features, see `registry/write-reference.ts` */
const own = new Set(['score', 'out_of_fold', 'label', 'time', 'split'])
const rows = 32

/** Some rows of a version's reference with the scores that its gate recorded; undefined for a version without one. Errors: `not_found`. */
export function createRecordedSample(deps: { environment: Pick<Environment, 'blobs'>; registry: ServingRegistry }) {
  return async (project: string, model: string, version: number): Promise<ModelSample | undefined> => {
    const { reference } = await deps.registry.versions.get(project, model, version)
    if (reference === null) return undefined
    const { asyncBufferFromFile, parquetReadObjects, compressors } = await loadParquet()
    const file = await asyncBufferFromFile(await deps.environment.blobs.localPath(reference))
    const found = await parquetReadObjects({ file, compressors, rowStart: 0, rowEnd: rows })
    return {
      instances: found.map((row) =>
        Object.fromEntries(
          Object.entries(row)
            .filter(([name]) => !own.has(name))
            .map(([name, value]) => [name, typeof value === 'number' || typeof value === 'string' ? value : null]),
        ),
      ),
      scores: found.map(({ score }) => (typeof score === 'number' ? score : null)),
    }
  }
}
