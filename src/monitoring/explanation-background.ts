import type { Environment } from '../environment.ts'
import type { BackgroundRows } from '../serving/explain/explanation.ts'
import { shippedSample } from '../serving/inference/model-sample.ts'
import { day as dayLength, dayOf } from './event-day.ts'
import type { ExplainedVersion, ExplanationModels } from './explanation-model.ts'
import { drawReference, instanceOf, readRecorded } from './explanation-rows.ts'
import type { ParquetTable } from './reference.ts'

/** rows that unknown features are averaged over */
const most = 100
/** recorded rows of a day without which they are not representative enough */
const fewest = 30
/** versions whose rows are kept in memory */
const kept = 50

/** The rows over which explanations of a version average: always the same ones while what they come from is the same. */
export type ExplanationBackground = (project: string, version: ExplainedVersion) => Promise<BackgroundRows | undefined>

/** Rows of the reference; without one those in the model's folder, else of the first day that the model predicted on. */
export function createExplanationBackground(
  { store, events }: Pick<Environment, 'store' | 'events'>,
  models: ExplanationModels,
  table: ParquetTable,
): ExplanationBackground {
  const drawn = new Map<string, Promise<BackgroundRows>>()

  function ofReference(reference: string): Promise<BackgroundRows> {
    let found = drawn.get(reference)
    if (!found) {
      if (drawn.size >= kept) drawn.delete(drawn.keys().next().value!)
      found = drawReference(events, table, reference, most).then(({ instances }) => ({
        origin: 'reference',
        instances,
      }))
      drawn.set(reference, found)
      found.catch(() => drawn.delete(reference))
    }
    return found
  }

  async function recorded(project: string, { model, version }: ExplainedVersion): Promise<BackgroundRows | undefined> {
    const served = await store.read
      .selectFrom('endpoints')
      .innerJoin('revisions', 'revisions.endpoint_id', 'endpoints.id')
      .select(['endpoints.name', 'revisions.number'])
      .where('project', '=', project)
      .where('revisions.model', '=', model)
      .where('revisions.version', '=', version)
      .orderBy('revisions.id')
      .execute()
    for (const { name, number } of served) {
      const key = { project, endpoint: name }
      if ((await models.masked(key)).length > 0) continue
      const [first] = await events.query<{ day: number }>(
        `SELECT toUnixTimestamp(toStartOfDay(time)) * 1000 AS day FROM predictions
         WHERE project = {project:String} AND endpoint = {endpoint:String} AND revision = {revision:UInt32}
         GROUP BY day HAVING count() >= ${fewest} ORDER BY day LIMIT 1`,
        { ...key, revision: number },
      )
      if (!first) continue
      const from = dayOf(first.day)
      const rows = await readRecorded(events, key, { from, to: from + dayLength, revision: number }, { most })
      const names = [...new Set(rows.flatMap(({ features }) => Object.keys(features)))]
      if (rows.length >= fewest)
        return { origin: 'recorded predictions', instances: rows.map((row) => instanceOf(row, names)) }
    }
    return undefined
  }

  return async (project, version) => {
    if (version.reference !== null) return ofReference(version.reference)
    const shipped = await shippedSample((await models.folder(version)).folder)
    if (shipped) return { origin: 'model folder', instances: shipped.instances }
    return recorded(project, version)
  }
}
