import type { MonitorKind } from '../contracts/monitor-kind.ts'
import type { Environment } from '../environment.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import { readScores, type StoredScore } from './scores.ts'
import type { SettingsStore } from './settings-store.ts'
import type { EndpointKey } from './stale.ts'
import type { DescribeEndpoint } from './watched-revision.ts'

export interface MonitoringOverview {
  endpoint: string
  firstPrediction: number | null
  lastPrediction: number | null
  lastActual: number | null
  waiting: number
  /** why the last attempt to compute failed; null while it works */
  failure: string | null
  revisions: { revision: number; predictions: number; live: number; actuals: number; reference: string | null }[]
  families: {
    family: string
    title: string
    /** `failed`: its monitors could not run on the newest window; they are tried again */
    state: 'ok' | 'watch' | 'violation' | 'failed' | 'unknown' | 'off'
    scores: StoredScore[]
    alert: number | null
  }[]
}

const number = (value: number | null | undefined) => (value === null || value === undefined ? null : Number(value))

/** Everything of an endpoint at a glance: how far it is, its revisions, and the newest window of each family. */
export async function readOverview(
  { store, events }: Pick<Environment, 'store' | 'events'>,
  key: EndpointKey,
  { kinds, settings, describe }: { kinds: readonly MonitorKind[]; settings: SettingsStore; describe: DescribeEndpoint },
): Promise<MonitoringOverview> {
  const of = <T extends 'stale_buckets' | 'stale_windows'>(table: T) =>
    store.read
      .selectFrom(table as 'stale_windows')
      .select((e) => e.fn.countAll<number>().as('n'))
      .where('project', '=', key.project)
      .where('endpoint', '=', key.endpoint)
  const endpoint = await store.read
    .selectFrom('monitored_endpoints')
    .selectAll()
    .where('project', '=', key.project)
    .where('name', '=', key.endpoint)
    .executeTakeFirst()
  const last = number(endpoint?.last_prediction) ?? 0
  const [lastJob, buckets, windows, alerts, own, watched, scores, counts] = await Promise.all([
    store.read
      .selectFrom('jobs')
      .select(['state', 'error'])
      .where('kind', 'in', ['monitoring.profile', 'monitoring.evaluate'])
      .where('project', '=', key.project)
      .where('payload', '=', toJson({ endpoint: key.endpoint }))
      .where('finished_at', 'is not', null)
      .orderBy('finished_at', 'desc')
      .limit(1)
      .executeTakeFirst(),
    of('stale_buckets').executeTakeFirstOrThrow(),
    of('stale_windows').where('window_end', '<=', last).executeTakeFirstOrThrow(),
    store.read
      .selectFrom('alerts')
      .select(['id', 'family'])
      .where('project', '=', key.project)
      .where('endpoint', '=', key.endpoint)
      .where('state', '=', 'open')
      .execute(),
    settings.of(key),
    describe(key),
    readScores(events, key, { limit: 1 }),
    events.query<{ revision: number; predictions: number; live: number; actuals: number }>(
      `SELECT revision, sum(predictions) AS predictions, sum(live) AS live, sum(actuals) AS actuals FROM (
         SELECT revision, count AS predictions, sum AS live, 0 AS actuals FROM profile_days FINAL
         WHERE project = {project:String} AND scope = {scope:String} AND segment = '' AND feature = '$rows'
         UNION ALL
         SELECT revision, 0, 0, count FROM performance_days FINAL
         WHERE project = {project:String} AND scope = {scope:String} AND segment = '')
       GROUP BY revision ORDER BY revision`,
      { project: key.project, scope: `endpoint/${key.endpoint}` },
    ),
  ])
  const newestLive = counts.filter((c) => c.live > 0).at(-1)?.revision
  return {
    endpoint: key.endpoint,
    firstPrediction: number(endpoint?.first_prediction),
    lastPrediction: number(endpoint?.last_prediction),
    lastActual: number(endpoint?.last_actual),
    waiting: Number(buckets.n) + Number(windows.n),
    failure: lastJob?.state === 'failed' ? (fromJson<{ message: string }>(lastJob.error)?.message ?? 'unknown') : null,
    revisions: counts.map((count) => {
      const known = watched.revisions.find((r) => r.revision === count.revision)
      return { ...count, reference: known?.reference ? `model/${known.model}/${known.version}` : null }
    }),
    families: kinds.map((kind) => {
      const found = scores.filter((score) => score.family === kind.family && score.revision === newestLive)
      return {
        family: kind.family,
        title: kind.title,
        state: own.off.includes(kind.family) ? 'off' : stateOf(found),
        scores: found,
        alert: number(alerts.find((alert) => alert.family === kind.family)?.id),
      }
    }),
  }
}

function stateOf(scores: readonly StoredScore[]): 'ok' | 'watch' | 'violation' | 'failed' | 'unknown' {
  for (const state of ['violation', 'failed', 'watch', 'ok'] as const)
    if (scores.some((score) => score.state === state)) return state
  return 'unknown'
}
