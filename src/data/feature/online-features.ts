import { setTimeout as wait } from 'node:timers/promises'
import { asKedgeError, KedgeError } from '../../errors.ts'
import { contextOf } from '../../jobs/job-context.ts'
import type { Change } from '../../journal/journal.ts'
import { type Reader, startReader } from '../../journal/reader.ts'
import type { DatasetSpec, SourceSpec } from '../dataset-spec.ts'
import { quoteText } from '../expression/sql-text.ts'
import type { DatasetVersionSummary } from '../version/dataset-version.ts'
import { createRunEngine } from '../version/run-engine.ts'
import type { VersionFiles } from '../version/version-files.ts'
import type { DeclaredView, Kept } from './declared-views.ts'
import { buildBase, type FeatureBase, generationOf, newestBase } from './feature-base.ts'
import type { FeatureViewSpec } from './feature-view-spec.ts'
import { featuresAt, inputRows } from './features-at.ts'
import {
  type LandedDeps,
  type LandedInputs,
  landedInputs,
  landedRows,
  liveDataset,
  withLanded,
} from './landed-inputs.ts'
import type { FeaturePlan } from './plan-features.ts'

export interface OnlineDeps extends LandedDeps {
  files: VersionFiles
  views: Kept<FeatureViewSpec>
  planned(view: DeclaredView): Promise<{ plan: FeaturePlan; version: DatasetVersionSummary }>
  declared(project: string, dataset: string): Promise<{ spec: DatasetSpec; specDigest: string; source: SourceSpec }>
}

export interface OnlineState {
  /** rows reach lookups as they land; else with each version */
  live: boolean
  base: FeatureBase | null
  /** milliseconds since 1970 of the newest row that is known to lookups, or of its landing */
  newest: number | null
}

export interface OnlineFeatures {
  /** What lookups begin with. Errors: `not_found`. */
  base(project: string, view: string): Promise<FeatureBase | undefined>
  /** The rows that landed from `after` on, as soon as there are some; none after `time` milliseconds. Errors: `conflict` when the view is another now. */
  rowsSince(
    project: string,
    view: string,
    generation: string,
    after: number,
    time: number,
    signal: AbortSignal,
  ): Promise<LandedInputs>
  /** Values of entities at moments (milliseconds since 1970), by the definition of training. */
  lookup(view: DeclaredView, moments: readonly { key: string; at: number }[]): Promise<Record<string, unknown>[]>
  state(view: DeclaredView): Promise<OnlineState>
  start(): void
  stop(): Promise<void>
}

const jobKind = 'data.feature_base'
const pollInterval = 50
/** A base is written anew when so many rows have landed since, so that a new process catches up quickly. */
const longTail = 500_000

/** What is kept for lookups. Registers the job `data.feature_base`. */
export function createOnlineFeatures(deps: OnlineDeps): OnlineFeatures {
  const { environment, engine, views, planned } = deps
  const { jobs, clock } = environment
  let reader: Reader | undefined

  async function resolve(view: DeclaredView) {
    const { plan, version } = await planned(view)
    const declared = await deps.declared(view.project, view.spec.from).catch(() => undefined)
    const live = declared && liveDataset(deps, declared, version)
    const corrections = live ? (await deps.corrections(view.project, view.spec.from)).length : 0
    return { plan, version, live, generation: generationOf(view, plan, version, live, corrections) }
  }

  jobs.handle<{ view: string }>({
    kind: jobKind,
    concurrency: 1,
    async run(job, { signal }) {
      const view = await views.find(job.project, job.payload.view)
      if (!view) return {}
      const context = contextOf(job)
      const resolved = await resolve(view).catch((error) => {
        // a version, or another declaration, brings it here again
        if (['invalid_input', 'dataset_empty'].includes(asKedgeError(error).code)) return undefined
        throw error
      })
      if (!resolved) return {}
      const base = await newestBase(environment, view.project, view.name)
      const tail = (resolved.live?.position ?? 0) - (base?.position ?? 0)
      if (base?.generation !== resolved.generation || tail > longTail)
        await buildBase(deps, context, view, resolved, signal)
      return { result: { generation: resolved.generation } }
    },
  })

  const enqueue = (change: Change, project: string, view: string) =>
    jobs.enqueue(change, { kind: jobKind, key: `${project}/${view}`, project, payload: { view } })

  /** the same rows for all processes that ask for them */
  const answered = new Map<string, { after: number; landed: Promise<LandedInputs> }>()
  const known = new Map<string, { at: number; resolved: Promise<Awaited<ReturnType<typeof resolve>>> }>()
  /** Looked up again each second: a view seldom becomes another. */
  async function resolved(project: string, name: string) {
    const key = `${project}/${name}`
    const before = known.get(key)
    if (before && clock() - before.at < 1000) return before.resolved
    const asked = views.get(project, name).then(resolve)
    known.set(key, { at: clock(), resolved: asked })
    asked.catch(() => known.delete(key))
    return asked
  }

  return {
    base: (project, view) => newestBase(environment, project, view),
    async rowsSince(project, name, generation, after, time, signal) {
      const end = performance.now() + time
      for (;;) {
        const { live, plan, generation: current } = await resolved(project, name)
        if (current !== generation || !live)
          throw new KedgeError('conflict', { what: `The feature view ${name} is another now` })
        if ((await landedRows(environment, project, live.spec.from)).landed > after) {
          const key = `${project}/${name}/${generation}`
          let found = answered.get(key)
          if (found?.after !== after || (await found.landed).position === after) {
            found = { after, landed: landedInputs(deps, live, plan, after) }
            answered.set(key, found)
            found.landed.catch(() => answered.delete(key))
          }
          const landed = await found.landed
          if (landed.position > after) return landed
        }
        if (performance.now() >= end || signal.aborted) return { position: after, rows: [] }
        await wait(pollInterval, undefined, { signal }).catch(() => {})
      }
    },
    async lookup(view, moments) {
      const { plan, version, live } = await resolve(view)
      const run = createRunEngine(engine)
      const keys = `[${moments.map(({ key }) => quoteText(key)).join(', ')}]`
      const times = `[${moments.map(({ at }) => `toInt64(${Math.round(at * 1000)})`).join(', ')}]`
      const asked = `SELECT k, t, toUInt64(place) AS pos FROM (SELECT ${keys} AS ks, ${times} AS ts) ARRAY JOIN ks AS k, ts AS t, arrayEnumerate(ks) AS place`
      const wanted = `(${plan.key}) IN (${[...new Set(moments.map(({ key }) => quoteText(key)))].join(', ')})`
      const whole = inputRows(plan, (await deps.files.rows(version)).sql, 'p.__position', wanted)
      const ask = (rows: string, params?: Record<string, unknown>) =>
        run.query<Record<string, unknown>>(`SELECT * FROM (${featuresAt(plan, rows, asked)}) ORDER BY pos`, params)
      const found =
        (live &&
          (await withLanded(deps, live, plan, live.position, async ({ sql, params }) =>
            // what landed later is the newer of two rows of one time
            ask(
              `SELECT * FROM (${whole}) UNION ALL SELECT * REPLACE (pos + bitShiftLeft(toUInt64(1), 62) AS pos) FROM (${sql})`,
              params,
            ),
          ))) ??
        (await ask(whole))
      return found.map(({ pos: _pos, ...features }) => features)
    },
    async state(view) {
      const base = (await newestBase(environment, view.project, view.name)) ?? null
      const isLive = base?.position != null
      const landed = isLive ? await landedRows(environment, view.project, view.spec.from) : undefined
      return { live: isLive, base, newest: landed?.landedAt ?? base?.newest ?? null }
    },
    start() {
      reader ??= startReader(environment, {
        name: 'data.features',
        types: ['feature_view.declared', 'dataset_version.published', 'dataset.corrected'],
        async handle({ project, data }, change) {
          if ('view' in data) return void (await enqueue(change, project, data.view))
          const rows = await change.db
            .selectFrom('feature_declarations')
            .select(['name', 'spec'])
            .where('project', '=', project)
            .where('kind', '=', 'feature_view')
            .execute()
          for (const { name, spec } of rows)
            if ((JSON.parse(spec) as { from?: string }).from === data.dataset) await enqueue(change, project, name)
        },
      })
    },
    async stop() {
      await reader?.stop()
    },
  }
}
