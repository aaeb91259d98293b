import type { EventsStore } from '../storage/events/events-store.ts'

/** How many predictions are on record of each of these endpoints; one without any is not there. */
export async function readLoggedCounts(
  events: EventsStore,
  project: string,
  endpoints: readonly string[],
): Promise<Map<string, number>> {
  if (endpoints.length === 0) return new Map()
  const rows = await events.query<{ scope: string; predictions: number }>(
    `SELECT scope, sum(count) AS predictions FROM profile_days FINAL
     WHERE project = {project:String} AND scope IN {scopes:Array(String)} AND segment = '' AND feature = '$rows'
     GROUP BY scope`,
    { project, scopes: endpoints.map((name) => `endpoint/${name}`) },
  )
  return new Map(rows.map(({ scope, predictions }) => [scope.slice('endpoint/'.length), predictions]))
}
