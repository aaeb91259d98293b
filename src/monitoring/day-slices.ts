import type { ConfusionMatrix } from '../statistics/confusion-matrix.ts'
import type { FeatureProfile, Group, PerformanceSums, Slice } from '../statistics/slice.ts'
import { mergeSlices, noPerformance } from '../statistics/slice.ts'
import { mergeCentred } from '../storage/events/day-roll-ups.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { mergeSketches } from '../storage/events/merge-sketches.ts'
import { TAKEN_FOR } from './profile-sql.ts'
import { type SegmentRows, segmentRows } from './segment-rows.ts'

export interface DaySlice {
  revision: number
  /** start of the UTC day (or of the part that was asked for), milliseconds since 1970 */
  day: number
  slice: Slice
}

/** keys and their counts, as the engine's sumMap answers */
type SketchPair = [keys: number[], counts: number[]]

interface ProfileRow {
  revision: number
  day: number
  feature: string
  count: number
  sum: number
  sum_squares: number
  centred: number
  minimum: number
  maximum: number
  sketch: SketchPair
  categories: Record<string, number>
  vector: number[]
}

interface PerformanceRow {
  revision: number
  day: number
  segment: string
  count: number
  sums: Record<string, number>
  positive: SketchPair
  negative: SketchPair
  confusion: Record<string, number>
}

export interface SliceFilter {
  project: string
  /** `endpoint/NAME` or `model/NAME/VERSION` */
  scope: string
  /** milliseconds since 1970; the end is exclusive */
  from: number
  to: number
  /** all when absent */
  revision?: number
  /** all when absent; the prediction's own are always there */
  features?: readonly string[]
  /** without performance and groups, which saves a query */
  profilesOnly?: boolean
  /** performance without that of groups, or with that of one alone */
  wholeOnly?: boolean
  group?: string
  /** of this segment alone, from the samples of rows: profiles are kept of all rows */
  segment?: { name: string; threshold: number } | undefined
}

const day = 86_400_000
const EVER = 4_102_444_800_000
const ours = `project = {project:String} AND scope = {scope:String} AND ({revision:Int64} < 0 OR revision = {revision:Int64})`
const within = (from: string, to: string) =>
  `bucket >= toDateTime({${from}:UInt32}, 'UTC') AND bucket < toDateTime({${to}:UInt32}, 'UTC')`

/** Rows of `columns` in the range: whole days from the roll-up, what is left of days at its ends from the hours. */
function rowsOf(table: 'profiles' | 'performance', columns: string, extra: string, edges: boolean): string {
  const rollUp = table === 'profiles' ? 'profile_days' : 'performance_days'
  const whole = `SELECT ${columns} FROM ${rollUp} FINAL WHERE ${ours} AND ${within('first', 'last')}${extra}`
  if (!edges) return whole
  const ends = `((${within('from', 'first')}) OR (${within('last', 'to')}))`
  return `${whole} UNION ALL SELECT ${columns} FROM ${table} FINAL WHERE ${ours} AND ${ends}${extra}`
}

/** Everything known of a scope, merged to days by the engine; ascending by revision and day. Raw rows are not read. */
export const loadDaySlices = (events: EventsStore, filter: SliceFilter): Promise<DaySlice[]> =>
  load(events, filter, {
    day: 'intDiv(toUnixTimestamp(bucket), 86400) * 86400',
    sketch: 'sumMap(sketch_keys, sketch_counts)',
  })

/**
 * The same, merged to the parts that ascending `starts` (on full hours; the last is the end of the last part) cut: days of
 * any time zone, hours, whole windows. Whole UTC days are read from the roll-ups, anything else from the hours.
 */
export async function loadPartSlices(
  events: EventsStore,
  filter: Omit<SliceFilter, 'from' | 'to'>,
  starts: readonly number[],
): Promise<DaySlice[]> {
  if (starts.length < 2) return []
  const range = { ...filter, from: starts[0]!, to: starts.at(-1)! }
  if (starts.every((start, i) => start === starts[0]! + i * day && start % day === 0))
    return loadDaySlices(events, range)
  const seconds = starts.map((start) => start / 1000)
  return load(
    events,
    range,
    {
      day: 'arrayElement({starts:Array(UInt32)}, arrayLastIndex(start -> start <= toUnixTimestamp(bucket), {starts:Array(UInt32)}))',
      sketch: 'sumMap(sketch_keys, sketch_counts)',
    },
    { starts: seconds, hours: !starts.every((start) => start % day === 0) },
  )
}

/** The profiles of the whole stretch, merged by the engine: its cost hardly grows with the stretch, nor with the rows. */
export async function loadWindow(events: EventsStore, filter: SliceFilter): Promise<Slice> {
  const merged = mergeSketches()
  const found = await load(
    events,
    { ...filter, profilesOnly: true },
    { day: '0', sketch: `tuple(tupleElement(${merged} AS merged, 1), tupleElement(merged, 2))` },
  )
  return mergeSlices(found.map(({ slice }) => slice))
}

async function load(
  events: EventsStore,
  filter: SliceFilter,
  by: { day: string; sketch: string },
  parts: { starts: readonly number[]; hours: boolean } = { starts: [], hours: false },
): Promise<DaySlice[]> {
  const from = Math.max(0, filter.from)
  const to = Math.max(from, Math.min(EVER, filter.to))
  const first = parts.hours ? to : Math.min(to, Math.ceil(from / day) * day)
  const last = Math.max(first, Math.floor(to / day) * day)
  const edges = from < first || last < to
  const params = {
    project: filter.project,
    scope: filter.scope,
    from: Math.floor(from / 1000),
    first: Math.floor(first / 1000),
    last: Math.floor(last / 1000),
    to: Math.ceil(to / 1000),
    revision: filter.revision ?? -1,
    group: filter.group ?? '',
    starts: parts.starts,
    features: filter.features ? ['$rows', '$score', '$label', '$latency_ms', ...filter.features] : [],
  }
  const segment =
    filter.segment &&
    segmentRows(filter.segment.name, {
      threshold: filter.segment.threshold,
      hours: parts.hours,
      ...(filter.features ? { features: ['', ...filter.features] } : {}),
    })
  const rows: SegmentRows['sql'] = segment?.sql ?? ((table, columns, extra) => rowsOf(table, columns, extra, edges))
  Object.assign(params, segment?.params)
  const [profiles, performance] = await Promise.all([
    events.query<ProfileRow>(
      `SELECT revision, ${by.day} AS day, feature, sum(count) AS count, sum(total) AS sum,
         sum(sum_squares) AS sum_squares, ${mergeCentred('numbers', 'total', 'centred')} AS centred, min(minimum) AS minimum, max(maximum) AS maximum,
         ${by.sketch} AS sketch, sumMap(categories) AS categories, sumForEach(sums) AS vector
       FROM (${rows(
         'profiles',
         'revision, bucket, feature, count, sum AS total, arraySum(sketch_counts) AS numbers, sum_squares, centred, minimum, maximum, sketch_keys, sketch_counts, categories, vector AS sums',
         " AND segment = '' AND (empty({features:Array(String)}) OR feature IN {features:Array(String)})",
       )})
       GROUP BY revision, day, feature ORDER BY revision, day`,
      params,
    ),
    filter.profilesOnly
      ? []
      : events.query<PerformanceRow>(
          `SELECT revision, ${by.day} AS day, segment, sum(count) AS count, sumMap(sums) AS sums,
         sumMap(positive_keys, positive_counts) AS positive, sumMap(negative_keys, negative_counts) AS negative, sumMap(confusion) AS confusion
       FROM (${rows(
         'performance',
         'revision, bucket, segment, count, sums, positive_keys, positive_counts, negative_keys, negative_counts, confusion',
         ofSegments(filter),
       )})
       GROUP BY revision, day, segment`,
          params,
        ),
  ])
  return assemble(profiles, performance)
}

const ofSegments = ({ wholeOnly, group }: SliceFilter) =>
  wholeOnly ? " AND segment = ''" : group === undefined ? '' : " AND segment IN ('', {group:String})"

type Building = {
  revision: number
  day: number
  slice: Slice & { features: Map<string, FeatureProfile>; groups: Map<string, Group> }
}

function assemble(profiles: ProfileRow[], performance: PerformanceRow[]): DaySlice[] {
  const days = new Map<string, Building>()
  for (const row of profiles) {
    const key = `${row.revision}/${row.day}`
    let found = days.get(key)
    if (!found) {
      found = {
        revision: row.revision,
        day: row.day * 1000,
        slice: { rows: 0, live: 0, features: new Map(), performance: noPerformance, groups: new Map() },
      }
      days.set(key, found)
    }
    if (row.feature === '$rows') {
      found.slice.rows = row.count
      found.slice.live = row.sum
      // what it was is watched under other names now
    } else if (row.count > 0) found.slice.features.set(row.feature, toProfile(row))
  }
  for (const row of performance) {
    const slice = days.get(`${row.revision}/${row.day}`)?.slice
    if (!slice) continue
    if (row.segment === '') slice.performance = toPerformance(row)
    else slice.groups.set(row.segment, toGroup(row))
  }
  return [...days.values()]
}

const sketchOf = ([keys, counts]: SketchPair) => new Map(keys.map((key, i) => [key, counts[i]!]))

const toProfile = (row: ProfileRow): FeatureProfile => ({
  count: row.count,
  sum: row.sum,
  sumSquares: row.sum_squares,
  centred: row.centred,
  minimum: row.minimum,
  maximum: row.maximum,
  sketch: sketchOf(row.sketch),
  categories: new Map(Object.entries(row.categories)),
  ...(row.vector.length > 0 ? { vector: row.vector } : {}),
})

function toPerformance({ sums, ...row }: PerformanceRow): PerformanceSums {
  const of = (name: string) => sums[name] ?? 0
  const n = of('binary')
  const m = of('numeric')
  return {
    joined: row.count,
    ...(Object.keys(row.confusion).length > 0 ? { confusion: toConfusion(row.confusion) } : {}),
    binary: {
      logLoss: { n, sum: of('log_loss'), sumSquares: of('log_loss_2') },
      brier: { n, sum: of('brier'), sumSquares: of('brier_2') },
      scoreSum: of('score'),
      scoreVariance: of('score_variance'),
      positives: of('positives'),
      truePositives: of('true_positives'),
      falsePositives: of('false_positives'),
      positiveScores: sketchOf(row.positive),
      negativeScores: sketchOf(row.negative),
    },
    regression: {
      error: { n: m, sum: of('error'), sumSquares: of('squared') },
      absolute: { n: m, sum: of('absolute'), sumSquares: of('squared') },
      squared: { n: m, sum: of('squared'), sumSquares: of('squared_2') },
    },
  }
}

function toConfusion(pairs: Record<string, number>): ConfusionMatrix {
  const matrix = new Map<string, Map<string, number>>()
  for (const [pair, n] of Object.entries(pairs)) {
    const [actual, predicted] = pair.split(TAKEN_FOR) as [string, string]
    const row = matrix.get(actual) ?? new Map<string, number>()
    row.set(predicted, n)
    matrix.set(actual, row)
  }
  return matrix
}

function toGroup(row: PerformanceRow): Group {
  const of = (name: string) => row.sums[name] ?? 0
  return {
    n: of('predictions'),
    selected: of('selected'),
    positives: of('positives'),
    negatives: of('binary') - of('positives'),
    truePositives: of('true_positives'),
    falsePositives: of('false_positives'),
    performance: toPerformance(row),
  }
}
