import type { Environment } from '../environment.ts'
import { latencyQuantile } from '../statistics/latency-histogram.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { InferenceReport } from './inference-report.ts'
import { addCounters, countersSince, noCounters, type RevisionCounters } from './revision-counters.ts'

type ReportedRevision = InferenceReport['revisions'][number]

/** One inference process as it last reported, and when. */
export interface ReportedNode extends Omit<InferenceReport, 'revisions'> {
  at: number
}

export interface RevisionInstance {
  node: string
  state: 'loading' | 'ready' | 'failed'
  error: string | null
  runtime: ReportedRevision['runtime']
}

/** What is known of a revision from all inference processes. */
export interface RevisionStatus {
  counters: RevisionCounters
  instances: RevisionInstance[]
  task: string | null
  features: { name: string; type: 'number' | 'category' }[] | null
}

export interface LiveStats {
  rate: number
  p50: number | null
  p99: number | null
  errorRate: number | null
  predictions: number
  errors: number
  shadowPredictions: number
  unrecorded: number
  refused: number
  cpuSeconds: number
}

/** A process that has not reported for so long is not there, in milliseconds. */
const silence = 15_000
const minute = 60_000
const rateSpan = 10_000
const refresh = 5_000

type Stored = Pick<ReportedRevision, 'state' | 'error' | 'task' | 'features' | 'runtime' | 'counters'> & {
  node: string
}

/**
 * Keeps what inference processes report: counters in SQL (they judge releases, whichever control process does), the last
 * minute of them in memory for the rates that are shown.
 */
export function createRevisionReports({
  store,
  journal,
  jobs,
  clock,
}: Pick<Environment, 'store' | 'journal' | 'jobs' | 'clock'>) {
  const nodes = new Map<string, ReportedNode>()
  const written = new Map<string, { text: string; at: number }>()
  const history = new Map<string, { at: number; counters: RevisionCounters }[]>()
  const listeners = new Set<(report: InferenceReport) => void>()

  function remember(report: InferenceReport, now: number) {
    const { revisions, ...node } = report
    nodes.set(report.boot, { ...node, at: now })
    for (const [boot, other] of nodes) if (now - other.at > 10 * minute) nodes.delete(boot)
    for (const one of revisions) {
      const key = `${one.endpoint}/${one.revision}/${report.boot}`
      const past = history.get(key) ?? []
      past.push({ at: now, counters: one.counters })
      while (past.length > 1 && now - past[0]!.at > minute) past.shift()
      history.set(key, past)
    }
    for (const [key, past] of history) if (now - past.at(-1)!.at > 2 * minute) history.delete(key)
    for (const listener of listeners) listener(report)
  }

  async function save(report: InferenceReport, now: number) {
    const changed = report.revisions.flatMap((one) => {
      const { endpoint, revision, state, error, task, features, runtime, counters } = one
      const text = toJson({ node: report.node, state, error, task, features, runtime, counters } satisfies Stored)
      const key = `${endpoint}/${revision}/${report.boot}`
      const last = written.get(key)
      if (last?.text === text && now - last.at < refresh) return []
      return [
        {
          key,
          text,
          row: { endpoint_id: endpoint, revision, boot: report.boot, counters: text, updated_at: now },
          isNew: last?.text !== text,
        },
      ]
    })
    if (changed.length === 0) return
    await journal.change({ actor: 'system' }, async (change) => {
      for (const { row } of changed)
        await change.db
          .insertInto('revision_counters')
          .values(row)
          .onConflict((c) =>
            c
              .columns(['endpoint_id', 'revision', 'boot'])
              .doUpdateSet({ counters: row.counters, updated_at: row.updated_at }),
          )
          .execute()
      const moved = [...new Set(changed.filter((one) => one.isNew).map((one) => one.row.endpoint_id))]
      if (moved.length === 0) return
      const running = await change.db
        .selectFrom('releases')
        .select(['id', 'project'])
        .where('state', '=', 'running')
        .where('endpoint_id', 'in', moved)
        .execute()
      for (const release of running)
        await jobs.enqueue(change, {
          kind: 'serving.release',
          project: release.project,
          payload: { release: release.id },
          key: `release/${release.id}`,
        })
    })
    for (const { key, text } of changed) written.set(key, { text, at: now })
  }

  return {
    async take(report: InferenceReport): Promise<void> {
      const now = clock()
      remember(report, now)
      await save(report, now)
    },

    /** Statuses by number of revision. */
    async statuses(endpointId: number): Promise<Map<number, RevisionStatus>> {
      const now = clock()
      const rows = await store.read
        .selectFrom('revision_counters')
        .selectAll()
        .where('endpoint_id', '=', endpointId)
        .orderBy('updated_at')
        .execute()
      const found = new Map<number, RevisionStatus>()
      for (const row of rows) {
        const stored = fromJson<Stored>(row.counters)
        const status = found.get(row.revision) ?? { counters: noCounters(), instances: [], task: null, features: null }
        status.counters = addCounters(status.counters, stored.counters)
        if (now - row.updated_at < silence)
          status.instances.push({
            node: stored.node,
            state: stored.state,
            error: stored.error,
            runtime: stored.runtime ?? null,
          })
        status.task = stored.task ?? status.task
        status.features = stored.features ?? status.features
        found.set(row.revision, status)
      }
      return found
    },

    /** Rates of one revision, or of all of an endpoint's together. */
    live(endpointId: number, revision: number | undefined, counters: RevisionCounters): LiveStats {
      const now = clock()
      let recent = noCounters()
      let rate = 0
      for (const [key, past] of history) {
        const [endpoint, number] = key.split('/').map(Number)
        if (endpoint !== endpointId || (revision !== undefined && number !== revision)) continue
        const last = past.at(-1)!
        if (now - last.at > silence) continue
        recent = addCounters(recent, countersSince(past[0]!.counters, last.counters))
        const from = past.find((point) => last.at - point.at <= rateSpan) ?? last
        if (last.at > from.at)
          rate += (1000 * (last.counters.live.predictions - from.counters.live.predictions)) / (last.at - from.at)
      }
      const asked = recent.live.predictions + recent.live.errors
      const milliseconds = (quantile: number) => {
        const found = latencyQuantile(recent.live.latency, quantile)
        return found === null ? null : found / 1000
      }
      return {
        rate,
        p50: milliseconds(0.5),
        p99: milliseconds(0.99),
        errorRate: asked > 0 ? recent.live.errors / asked : null,
        predictions: counters.live.predictions,
        errors: counters.live.errors,
        shadowPredictions: counters.shadow.predictions,
        unrecorded: counters.unrecorded,
        refused: counters.refused,
        cpuSeconds: counters.cpu / 1e6,
      }
    },

    /** Inference processes that are there, the latest first. */
    nodes(): ReportedNode[] {
      const now = clock()
      return [...nodes.values()].filter((node) => now - node.at < silence).sort((a, b) => b.at - a.at)
    },

    subscribe(listener: (report: InferenceReport) => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export type RevisionReports = ReturnType<typeof createRevisionReports>
