import type { Environment } from '../../environment.ts'
import type { Monitoring } from '../../monitoring/monitoring.ts'
import { type NewestScore, readNewestScores } from '../../monitoring/newest-scores.ts'
import type { Serving } from '../../serving/serving.ts'
import type { MetricKey, Metrics } from './metric-catalogue.ts'

export interface MetricsDependencies {
  environment: Pick<Environment, 'store' | 'events' | 'journal' | 'clock'>
  serving: Pick<Serving, 'endpoints' | 'reports'>
  monitoring: Pick<Monitoring, 'catalogue'>
  projects(): Promise<{ name: string }[]>
  version: string
  /** milliseconds since 1970 */
  startedAt: number
}

export type CollectMetrics = (project?: string) => Promise<Metrics>

/** Series of single features that an endpoint has at most; those out of the ordinary come first. */
const mostFeatureScores = 60
/** and of all else */
const mostScores = 100
/** A scrape of several at once, or of one again and again, measures once in this time. */
const keptFor = 1000

/** Measures the server, its endpoints, monitors and alerts; of one project without the server when it is named. */
export function createCollectMetrics(deps: MetricsDependencies): CollectMetrics {
  const kept = new Map<string, { at: number; metrics: Promise<Metrics> }>()
  return (project) => {
    const key = project ?? ''
    const now = deps.environment.clock()
    const found = kept.get(key)
    if (found && now - found.at < keptFor && now >= found.at) return found.metrics
    const metrics = collect(deps, project)
    if (kept.size > 100) kept.clear()
    kept.set(key, { at: now, metrics })
    metrics.catch(() => kept.delete(key))
    return metrics
  }
}

async function collect(deps: MetricsDependencies, project: string | undefined): Promise<Metrics> {
  const metrics: Metrics = new Map()
  const add = (key: MetricKey, value: number | null | undefined, labels: Record<string, string> = {}) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return
    const samples = metrics.get(key)
    if (samples) samples.push({ labels, value })
    else metrics.set(key, [{ labels, value }])
  }
  if (project === undefined) await addServer(deps, add)
  const names = project === undefined ? (await deps.projects()).map(({ name }) => name) : [project]
  for (const name of names) await addEndpoints(deps, name, add)
  await addMonitoring(deps, project, add)
  return metrics
}

type Add = (key: MetricKey, value: number | null | undefined, labels?: Record<string, string>) => void

async function addServer({ environment, serving, version, startedAt }: MetricsDependencies, add: Add) {
  const { store, events, journal } = environment
  add('info', 1, { version })
  add('started', startedAt / 1000)
  add('memory', process.memoryUsage.rss())
  add('journal', await journal.head())
  const jobs = await store.read
    .selectFrom('jobs')
    .select((e) => ['state', e.fn.countAll<number>().as('n')])
    .where('state', 'in', ['queued', 'running'])
    .groupBy('state')
    .execute()
  for (const state of ['queued', 'running'] as const)
    add('jobs', Number(jobs.find((row) => row.state === state)?.n ?? 0), { state })
  const engine = events.status()
  add('engineUp', engine.state === 'ready' ? 1 : 0)
  add('engineRestarts', engine.restarts)
  for (const { node, memory, spool } of serving.reports.nodes()) {
    add('nodeMemory', memory, { node })
    add('spool', spool.bytes, { node })
    add('dropped', spool.dropped, { node })
  }
}

async function addEndpoints({ serving }: MetricsDependencies, project: string, add: Add) {
  for (const { name, state, live, traffic } of await serving.endpoints.list(project)) {
    const labels = { project, endpoint: name }
    add('ready', state === 'ready' ? 1 : 0, labels)
    add('predictions', live.predictions, labels)
    add('shadows', live.shadowPredictions, labels)
    add('errors', live.errors, labels)
    add('unrecorded', live.unrecorded, labels)
    add('cpu', live.cpuSeconds, labels)
    add('rate', live.rate, labels)
    add('latency', live.p50 === null ? null : live.p50 / 1000, { ...labels, quantile: '0.5' })
    add('latency', live.p99 === null ? null : live.p99 / 1000, { ...labels, quantile: '0.99' })
    for (const { revision, version, percent } of traffic)
      add('traffic', percent / 100, { ...labels, revision: String(revision), version: String(version) })
  }
}

const stateOf: Record<string, number> = { ok: 0, watch: 1, violation: 2 }

async function addMonitoring({ environment }: MetricsDependencies, project: string | undefined, add: Add) {
  const { store, events } = environment
  let watched = store.read
    .selectFrom('monitored_endpoints')
    .select(['project', 'name', 'last_prediction', 'last_actual'])
  let stale = store.read
    .selectFrom('stale_buckets')
    .select((e) => ['project', 'endpoint', e.fn.countAll<number>().as('n')])
    .groupBy(['project', 'endpoint'])
  let alerts = store.read
    .selectFrom('alerts')
    .select((e) => ['project', 'endpoint', 'family', 'state', e.fn.countAll<number>().as('n')])
    .groupBy(['project', 'endpoint', 'family', 'state'])
  if (project !== undefined) {
    watched = watched.where('project', '=', project)
    stale = stale.where('project', '=', project)
    alerts = alerts.where('project', '=', project)
  }
  const rows = await watched.execute()
  const waiting = new Map((await stale.execute()).map((row) => [`${row.project}/${row.endpoint}`, Number(row.n)]))
  for (const row of rows) {
    const labels = { project: row.project, endpoint: row.name }
    if (row.last_prediction !== null) add('lastPrediction', Number(row.last_prediction) / 1000, labels)
    if (row.last_actual !== null) add('lastActual', Number(row.last_actual) / 1000, labels)
    add('stale', waiting.get(`${row.project}/${row.name}`) ?? 0, labels)
  }
  const byFamily = new Map<string, { labels: Record<string, string>; open: number; total: number }>()
  for (const row of await alerts.execute()) {
    const labels = { project: row.project, endpoint: row.endpoint, family: row.family }
    const key = Object.values(labels).join('/')
    const found = byFamily.get(key) ?? { labels, open: 0, total: 0 }
    byFamily.set(key, found)
    found.total += Number(row.n)
    if (row.state === 'open') found.open += Number(row.n)
  }
  for (const { labels, open, total } of byFamily.values()) {
    add('alertsOpen', open, labels)
    add('alerts', total, labels)
  }
  const scored = rows.flatMap((row) =>
    row.last_prediction === null
      ? []
      : [{ project: row.project, endpoint: row.name, last: Number(row.last_prediction) }],
  )
  const scores = await readNewestScores(events, scored)
  for (const some of Map.groupBy(scores, (score) => `${score.project}/${score.endpoint}`).values()) addScores(some, add)
}

/** The scores of one endpoint's newest window. */
function addScores(scores: readonly NewestScore[], add: Add) {
  const { project, endpoint } = scores[0]!
  for (const [family, some] of Map.groupBy(scores, familyOf)) {
    const states = some.flatMap((score) => stateOf[score.state] ?? [])
    add('state', states.length === 0 ? -1 : Math.max(...states), { project, endpoint, family })
  }
  const valued = scores.filter((score) => score.value !== null)
  const ofFeatures = valued
    .filter((score) => score.feature !== '')
    .sort((a, b) => (stateOf[b.state] ?? -1) - (stateOf[a.state] ?? -1) || b.value! - a.value!)
  const few = [
    ...valued.filter((score) => score.feature === '').slice(0, mostScores),
    ...ofFeatures.slice(0, mostFeatureScores),
  ]
  for (const score of few) {
    const { monitor, feature, revision } = score
    const labels = { project, endpoint, family: familyOf(score), monitor, feature, revision: String(revision) }
    add('score', score.value, labels)
    add('threshold', score.thresholdHigh, labels)
  }
  add('omitted', valued.length - few.length, { project, endpoint })
}

const familyOf = ({ monitor }: NewestScore) => monitor.split('.')[0]!
