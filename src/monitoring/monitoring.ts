import type { DriftMetric } from '../contracts/drift-metric.ts'
import type { MonitorKind, Task } from '../contracts/monitor-kind.ts'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import type { Pseudonyms } from '../serving/inference/pseudonyms.ts'
import type { InputProfile } from '../serving/routing.ts'
import { mergeSlices } from '../statistics/slice.ts'
import { type Alerts, createAlerts } from './alerts.ts'
import { type BackFills, createBackFills } from './back-fills.ts'
import { compareFeature, type FeatureComparison } from './compare-feature.ts'
import { loadDaySlices, loadWindow } from './day-slices.ts'
import { createErasureJob, createErasures, type Erasures } from './erasures.ts'
import { createEvaluateJob } from './evaluate-job.ts'
import { dayText } from './event-day.ts'
import { createExplainedWindows } from './explained-windows.ts'
import { createExplanationStore } from './explanation-store.ts'
import { createFreshness } from './freshness.ts'
import { createIngest, type Ingest } from './ingest.ts'
import type { EndpointMonitorSettings, EndpointMonitorSettingsInput } from './monitor-settings.ts'
import { type MonitoringOverview, readOverview } from './overview.ts'
import { type PerformancePoint, performanceHistory } from './performance-history.ts'
import { type PredictionFilter, type PredictionRow, readPredictions } from './prediction-rows.ts'
import { createProfileJob } from './profile-job.ts'
import { profiledHours } from './profiled-hours.ts'
import { createRecordedIds, createRecordedValues } from './recorded-ids.ts'
import { createReferences, type ParquetTable, type Reference } from './reference.ts'
import { resumeStale } from './resume-stale.ts'
import { createRetentionJob, planRetention, readRawFrom } from './retention.ts'
import { compareRevisions, type RevisionComparison } from './revision-comparison.ts'
import { readScores, type ScoreFilter, type StoredScore } from './scores.ts'
import { createSettingsStore } from './settings-store.ts'
import { type EndpointKey, markStale } from './stale.ts'
import { createViews, type Views } from './views/views.ts'
import type { DescribeEndpoint } from './watched-revision.ts'
import { createWindowSamples } from './window-samples.ts'
import { taskOf } from './window-view.ts'

export interface MonitoringDependencies {
  environment: Environment
  /** what the endpoint's revisions are; `createDescribeEndpoint` reads it from serving and registry */
  describe: DescribeEndpoint
  /** a Parquet blob as a table of the events engine */
  table: ParquetTable
  kinds: readonly MonitorKind[]
  metrics: readonly DriftMetric[]
  /** what stands on record in place of a personal value; absent where nothing is masked */
  pseudonyms?: Pseudonyms
}

export interface Stretch {
  revision: number
  /** event time, milliseconds since 1970; the end is exclusive */
  from: number
  to: number
}

export interface Monitoring {
  /** questions about windows of any kind, answered from merged profiles */
  views: Views
  backFills: BackFills
  erasures: Erasures
  ingest: Ingest
  alerts: Alerts
  catalogue: { kinds: readonly MonitorKind[]; metrics: readonly DriftMetric[] }
  overview(key: EndpointKey): Promise<MonitoringOverview>
  scores(key: EndpointKey, filter?: ScoreFilter): Promise<StoredScore[]>
  /** Against another stretch, or the revision's reference. Errors: `not_found`. */
  compare(
    key: EndpointKey,
    feature: string,
    current: Stretch,
    against: Stretch | 'reference',
    bins?: number,
  ): Promise<FeatureComparison>
  /** Names and types of the features that predictions of a stretch had. */
  features(key: EndpointKey, stretch: Stretch): Promise<string[]>
  performance(
    key: EndpointKey,
    from: number,
    to: number,
    stepDays: number,
  ): Promise<{ task: Task; items: PerformancePoint[] }>
  compareRevisions(
    key: EndpointKey,
    first: number,
    second: number,
    from: number,
    to: number,
  ): Promise<RevisionComparison>
  /** What the reference of a revision has of each feature; undefined where it has none. */
  inputProfile(key: EndpointKey, revision: number): Promise<InputProfile | undefined>
  predictions(key: EndpointKey, filter: PredictionFilter): Promise<PredictionRow[]>
  /** Event time before which retention has taken the raw rows; null while it has taken none. */
  rawFrom(key: EndpointKey): Promise<number | null>
  settings(key: EndpointKey): Promise<{ settings: EndpointMonitorSettings; changed: boolean }>
  /** Replaces the settings and evaluates the endpoint's windows anew. False when nothing changed. */
  configure(context: ChangeContext, key: EndpointKey, settings: EndpointMonitorSettingsInput): Promise<boolean>
  /** Goes on with what was left to compute, and has freshness looked at from now on, by the clock. */
  start(): Promise<void>
  /** Resolves when nothing of the endpoint waits to be profiled or evaluated that can be. */
  settled(key: EndpointKey, signal?: AbortSignal): Promise<void>
}

/** of a feature, that inference processes are told */
const mostCategories = 10_000
/** whose windows are evaluated anew when the settings change; older ones when somebody asks */
const backFilledDays = 92

/** Puts the domain together and registers its jobs. */
export function createMonitoring(dependencies: MonitoringDependencies): Monitoring {
  const { environment, describe, table, kinds, metrics } = dependencies
  const recordedIds = createRecordedIds(environment, dependencies.pseudonyms)
  const { store, events, journal, jobs } = environment
  const settings = createSettingsStore({ store, journal, kinds })
  const backFills = createBackFills(environment, settings)
  const references = createReferences(environment, table)
  const shared = { environment, describe, references, settings }
  jobs.handle(createProfileJob(shared))
  jobs.handle(createRetentionJob(environment, settings))
  jobs.handle(createErasureJob(environment))
  jobs.handle(
    createEvaluateJob({
      ...shared,
      watchers: { kinds, metrics },
      attributions: createExplainedWindows(createExplanationStore(environment)),
    }),
  )

  const freshness = createFreshness({ environment, settings, watchers: { kinds, metrics } })

  const window = (key: EndpointKey, stretch: Stretch, features?: string[]) =>
    loadWindow(events, {
      project: key.project,
      scope: `endpoint/${key.endpoint}`,
      ...stretch,
      ...(features ? { features } : {}),
    })

  async function referenceOf(key: EndpointKey, revision: number): Promise<Reference | undefined> {
    const watched = await describe(key)
    const known = watched.revisions.find((r) => r.revision === revision)
    return known && references.of(key.project, known, watched.threshold, (await settings.of(key)).segments)
  }

  async function inputProfile(key: EndpointKey, revision: number): Promise<InputProfile | undefined> {
    const reference = await referenceOf(key, revision)
    return (
      reference &&
      Object.fromEntries(
        [...reference.whole.features]
          .filter(([name]) => !name.startsWith('$'))
          .map(([name, { sketch, minimum, maximum, categories }]) => [
            name,
            {
              ...(sketch.size > 0 ? { minimum, maximum } : {}),
              ...(categories.size > 0 && categories.size <= mostCategories
                ? { categories: [...categories.keys()] }
                : {}),
            },
          ]),
      )
    )
  }

  async function side(key: EndpointKey, stretch: Stretch, feature: string) {
    return {
      label: `revision ${stretch.revision}, ${dayText(stretch.from)} to ${dayText(stretch.to)}`,
      slice: await window(key, stretch, [feature]),
    }
  }

  async function waiting(key: EndpointKey): Promise<boolean> {
    const queued = await store.read
      .selectFrom('jobs')
      .select('id')
      .where('kind', 'in', ['monitoring.profile', 'monitoring.evaluate', 'monitoring.retain'])
      .where('project', '=', key.project)
      .where('state', 'in', ['queued', 'running'])
      .where('payload', '=', JSON.stringify({ endpoint: key.endpoint }))
      .limit(1)
      .executeTakeFirst()
    return queued !== undefined
  }

  return {
    views: createViews({
      environment,
      describe,
      references,
      settings,
      watchers: { kinds, metrics },
      withSamples: createWindowSamples(events),
    }),
    backFills,
    erasures: createErasures(environment, recordedIds, createRecordedValues(environment, dependencies.pseudonyms)),
    inputProfile,
    ingest: createIngest(environment, recordedIds),
    alerts: createAlerts(environment),
    catalogue: { kinds, metrics },
    overview: (key) => readOverview(environment, key, { kinds, settings, describe }),
    scores: (key, filter) => readScores(events, key, filter),

    async compare(key, feature, current, against, bins) {
      const [now, other] = await Promise.all([
        side(key, current, feature),
        against === 'reference' ? undefined : side(key, against, feature),
      ])
      if (other) return compareFeature(feature, now, other, metrics, bins)
      const reference = await referenceOf(key, current.revision)
      return compareFeature(
        feature,
        now,
        reference && { label: `reference ${reference.scope}`, slice: reference.whole },
        metrics,
        bins,
      )
    },

    async features(key, stretch) {
      return [...(await window(key, stretch)).features.keys()].sort()
    },

    async performance(key, from, to, stepDays) {
      const days = await loadDaySlices(events, {
        project: key.project,
        scope: `endpoint/${key.endpoint}`,
        from,
        to,
        features: [''],
        wholeOnly: true,
      })
      const known = (await describe(key)).revisions.find((r) => r.task !== undefined)?.task
      const task = known ?? taskOf(mergeSlices(days.map((d) => d.slice)))
      return { task, items: performanceHistory(days, task, stepDays) }
    },

    compareRevisions: (key, first, second, from, to) => compareRevisions(events, key, first, second, from, to),
    predictions: (key, filter) => readPredictions(events, key, filter),
    rawFrom: (key) => readRawFrom(store, key),

    async settings(key) {
      return { settings: await settings.stated(key), changed: (await settings.given(key)) !== undefined }
    },

    async configure(context, key, given) {
      for (const family of given?.off ?? [])
        if (!kinds.some((kind) => kind.family === family))
          throw new KedgeError('invalid_input', {
            what: `"${family}" is no family of monitors (${kinds.map((kind) => kind.family).join(', ')})`,
          })
      const chosen = given?.drift_metric ?? {}
      for (const [at, name] of Object.entries({
        ...chosen.by_feature,
        numeric: chosen.numeric,
        categorical: chosen.categorical,
        vector: chosen.vector,
      }))
        if (name !== undefined && !metrics.some((metric) => metric.name === name))
          throw new KedgeError('invalid_input', {
            what: `"${name}" (${at}) is no drift metric (${metrics.map((metric) => metric.name).join(', ')})`,
          })
      const before = await settings.of(key)
      const changed = await settings.set(context, key, given)
      if (!changed) return false
      references.forget()
      const { retention_days, labels } = await settings.of(key)
      // other words are other classes in every hour
      const anew = JSON.stringify(labels) === JSON.stringify(before.labels) ? [] : await profiledHours(environment, key)
      await journal.change(context, async (change) => {
        await backFills.mark(change, key, backFilledDays)
        await planRetention(change, environment, key, retention_days)
        await markStale(change, jobs, key, anew)
      })
      return true
    },

    async start() {
      await resumeStale(environment)
      await freshness.start()
    },

    async settled(key, signal) {
      while (await waiting(key)) {
        signal?.throwIfAborted()
        await new Promise((done) => setTimeout(done, 20))
      }
    },
  }
}
