import type { Environment } from '../environment.ts'
import { type ImportanceSums, weightedImportance } from '../statistics/weighted-importance.ts'
import { day as dayLength } from './event-day.ts'
import { baselineRows, type ExplanationBaselines } from './explanation-baseline.ts'
import { type RecordedRow, readRecorded } from './explanation-rows.ts'
import type {
  ExplainedDay,
  ExplanationFilter,
  ExplanationStore,
  StoredDefinition,
  StoredDrift,
} from './explanation-store.ts'
import type { EndpointKey } from './stale.ts'

interface Views {
  events: Environment['events']
  store: ExplanationStore
  baselines: Pick<ExplanationBaselines, 'drift'>
}

/** How numbers over several days came about. */
export interface WindowDefinition extends Omit<StoredDefinition, 'features' | 'base' | 'reference'> {
  /** of the weights and the interval */
  estimate: string
}

export interface ImportanceItem {
  feature: string
  /** mean |attribution| with its 95 % interval */
  value: number
  low: number
  high: number
  /** mean attribution */
  mean: number
  /** of all features' together, in [0, 1] */
  share: number
}

export interface NotExplained {
  day: number
  revision: number
  state: 'failed' | 'unsupported'
  reason: string
}

export interface GlobalImportance {
  definition: WindowDefinition | null
  segment: string
  segments: string[]
  revisions: number[]
  days: number
  /** recorded rows of the days, and those of them that were explained */
  rows: number
  samples: number
  residual: number | null
  /** most important first */
  features: ImportanceItem[]
  /** names in the model's own order, in which `drift` tells features */
  order: string[]
  drift: StoredDrift | null
  /** days that are explained in another way than the newest, and left out */
  otherwise: number
  notExplained: NotExplained[]
}

const estimate =
  "mean |attribution| over each day's sample, days weighed by their recorded rows; 95 % interval of a stratified sample of these rows, nothing where all were explained"

/** The days that can be put together: those explained as the newest one is. */
async function daysOf({ store }: Views, key: EndpointKey, filter: ExplanationFilter) {
  const scope = `endpoint/${key.endpoint}`
  const all = await store.days(key.project, scope, filter)
  const explained = all.filter(({ state }) => state === 'explained')
  const newest = explained.at(-1)?.definition
  const alike = explained.filter(
    ({ definition }) =>
      definition!.method === newest!.method &&
      definition!.unit === newest!.unit &&
      definition!.features.join() === newest!.features.join(),
  )
  const notExplained = all.flatMap(({ day, revision, state, reason }): NotExplained[] =>
    state === 'explained' ? [] : [{ day, revision, state, reason: reason ?? '' }],
  )
  return { scope, alike, newest, otherwise: explained.length - alike.length, notExplained }
}

function definitionOf(newest: StoredDefinition | undefined | null): WindowDefinition | null {
  if (!newest) return null
  const { features: _, base: __, reference: ___, ...definition } = newest
  return { ...definition, estimate }
}

export async function globalImportance(
  views: Views,
  key: EndpointKey,
  filter: ExplanationFilter,
  segment: string,
): Promise<GlobalImportance> {
  const { store } = views
  const { scope, alike, newest, otherwise, notExplained } = await daysOf(views, key, filter)
  const [sums, segments] = await Promise.all([
    store.importance(key.project, scope, alike, segment),
    store.segments(key.project, scope, alike),
  ])
  const found = (newest?.features ?? []).map((feature) => ({
    feature,
    ...weightedImportance(sums.filter((one) => one.feature === feature)),
  }))
  const all = found.reduce((sum, { value }) => sum + value, 0)
  const first = newest?.features[0]
  const strata = sums.filter(({ feature }) => feature === first)
  const total = (of: (one: ImportanceSums) => number) => strata.reduce((sum, one) => sum + of(one), 0)
  return {
    definition: definitionOf(newest),
    segment,
    segments,
    revisions: [...new Set(alike.map(({ revision }) => revision))],
    days: new Set(strata.map(({ day }) => day)).size,
    rows: total(({ rows }) => rows),
    samples: total(({ samples }) => samples),
    residual: alike.length > 0 ? Math.max(...alike.map(({ residual }) => residual ?? 0)) : null,
    features: found
      .map(({ samples: _, ...one }) => ({ ...one, share: all > 0 ? one.value / all : 0 }))
      .sort((a, b) => b.value - a.value),
    order: newest?.features ?? [],
    drift: segment === '' ? await windowDrift(views, key, alike) : null,
    otherwise,
    notExplained,
  }
}

/** Of the window's rows of its newest revision, against what its days are compared with. */
async function windowDrift(
  { store, baselines }: Views,
  key: EndpointKey,
  days: readonly ExplainedDay[],
): Promise<StoredDrift | null> {
  const newest = days.at(-1)
  if (!newest?.drift) return null
  if ('missing' in newest.drift) return newest.drift
  const { against } = newest.drift
  const current = await store.attributions(
    key.project,
    `endpoint/${key.endpoint}`,
    days.filter(({ revision }) => revision === newest.revision),
    baselineRows,
  )
  return baselines.drift(
    key.project,
    against,
    current.map(({ attributions }) => attributions),
  )
}

export interface ExplanationHistory {
  definition: WindowDefinition | null
  segment: string
  features: string[]
  items: {
    day: number
    revision: number
    rows: number
    samples: number
    residual: number | null
    /** in the order of `features`: mean |attribution| with its interval */
    values: { value: number; low: number; high: number }[]
    drift: { distance: number; p: number } | { missing: string } | null
  }[]
  otherwise: number
  notExplained: NotExplained[]
}

export async function explanationHistory(
  views: Views,
  key: EndpointKey,
  filter: ExplanationFilter,
  segment: string,
): Promise<ExplanationHistory> {
  const { scope, alike, newest, otherwise, notExplained } = await daysOf(views, key, filter)
  const sums = await views.store.importance(key.project, scope, alike, segment)
  const features = newest?.features ?? []
  const byDay = Map.groupBy(sums, ({ day, revision }) => `${revision}/${day}`)
  return {
    definition: definitionOf(newest),
    segment,
    features,
    items: alike.flatMap(({ day, revision, residual, drift }) => {
      const own = byDay.get(`${revision}/${day}`)
      if (!own) return []
      return [
        {
          day,
          revision,
          rows: own[0]!.rows,
          samples: own[0]!.samples,
          residual,
          values: features.map((feature) => {
            const { value, low, high } = weightedImportance(own.filter((one) => one.feature === feature))
            return { value, low, high }
          }),
          drift:
            segment !== '' || drift === null
              ? null
              : 'missing' in drift
                ? { missing: drift.missing }
                : { distance: drift.distance, p: drift.p },
        },
      ]
    }),
    otherwise,
    notExplained,
  }
}

export interface SampledExplanations {
  definition: WindowDefinition | null
  base: number | null
  features: string[]
  /** explained rows whose features are still on record */
  rows: {
    id: string
    time: number
    revision: number
    score: number
    output: number
    residual: number
    /** in the order of `features` */
    values: (number | string | null)[]
    attributions: number[]
  }[]
  /** explained rows whose features retention or an erasure has taken */
  withoutFeatures: number
}

export async function sampledExplanations(
  views: Views,
  key: EndpointKey,
  filter: ExplanationFilter,
  most: number,
): Promise<SampledExplanations> {
  const { scope, alike, newest } = await daysOf(views, key, filter)
  const features = newest?.features ?? []
  const explained = await views.store.attributions(key.project, scope, alike, most)
  const recorded = new Map<string, RecordedRow>()
  for (const [revision, own] of Map.groupBy(explained, (one) => one.revision)) {
    const times = own.map(({ day }) => day)
    const stretch = { from: Math.min(...times), to: Math.max(...times) + dayLength, revision }
    const ids = own.map(({ id }) => id)
    for (const row of await readRecorded(views.events, key, stretch, { ids }))
      recorded.set(`${revision}/${row.id}`, row)
  }
  const rows = explained.flatMap(({ id, time, revision, score, output, residual, attributions }) => {
    const row = recorded.get(`${revision}/${id}`)
    if (!row) return []
    const values = features.map((name) => row.features[name] ?? null)
    return [{ id, time, revision, score, output, residual, values, attributions }]
  })
  return {
    definition: definitionOf(newest),
    base: newest?.base ?? null,
    features,
    rows,
    withoutFeatures: explained.length - rows.length,
  }
}
