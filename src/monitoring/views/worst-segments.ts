import type { Task } from '../../contracts/monitor-kind.ts'
import { logLoss } from '../../statistics/log-loss.ts'
import { type Moments, meanEstimate } from '../../statistics/moments.ts'
import type { SampledRow } from '../../statistics/sampled-row.ts'
import { segmentConditions } from '../../statistics/segment-name.ts'
import type { PerformanceSums } from '../../statistics/slice.ts'
import type { Estimate } from '../../statistics/too-few-samples.ts'
import { welchTest } from '../../statistics/welch-test.ts'
import { findSlices, type SliceRow } from '../find-slices.ts'
import { loadSample } from '../samples.ts'
import type { EndpointKey } from '../stale.ts'
import { taskOf } from '../window-view.ts'
import type { ViewDependencies } from '../windows/view-windows.ts'
import { type StretchRequest, stretchSlice } from './performance-curves.ts'

export interface WorstSegment {
  segment: string
  conditions: { feature: string; is: string }[]
  origin: 'declared' | 'found'
  rows: number
  share: number
  value: number
  low: number
  high: number
  difference: number
  p: number
  adjusted: number
  significant: boolean
}

export interface WorstSegments {
  task: Task
  revision: number
  start: number
  end: number
  metric: string
  whole: Estimate | null
  segments: WorstSegment[]
  searched: number
  sample: number
  method: string
}

const SAMPLE = 10_000
const LEAST_ROWS = 50
const MOST_FOUND = 20

const losses: Record<Task, { metric: string; of(sums: PerformanceSums): Moments; row(row: SampledRow): number }> = {
  binary: {
    metric: 'log_loss',
    of: (s) => s.binary.logLoss,
    row: ({ score, truth }) =>
      score !== null && (truth === 0 || truth === 1) && score >= 0 && score <= 1
        ? logLoss(score, truth === 1)
        : Number.NaN,
  },
  multiclass: {
    metric: 'error_rate',
    of(s) {
      let [n, wrong] = [0, 0]
      for (const [actual, row] of s.confusion ?? [])
        for (const [name, count] of row) {
          n += count
          if (name !== actual) wrong += count
        }
      return { n, sum: wrong, sumSquares: wrong }
    },
    row: ({ label, outcome }) => (label === '' || outcome === '' ? Number.NaN : label === outcome ? 0 : 1),
  },
  regression: {
    metric: 'absolute_error',
    of: (s) => s.regression.absolute,
    row: ({ score, truth }) => (score !== null && truth !== null ? Math.abs(score - truth) : Number.NaN),
  },
}

const minus = (a: Moments, b: Moments): Moments => ({
  n: a.n - b.n,
  sum: a.sum - b.sum,
  sumSquares: Math.max(0, a.sumSquares - b.sumSquares),
})

/** Where the model is worst: the segments that are kept, and slices of one or two conditions found by search in a sample. */
export async function worstSegments(
  dependencies: ViewDependencies,
  key: EndpointKey,
  request: StretchRequest,
): Promise<WorstSegments> {
  const hour = 3_600_000
  const [slice, watched, sample] = await Promise.all([
    stretchSlice(dependencies, key, request, { features: [] }),
    dependencies.describe(key),
    loadSample(dependencies.environment.events, {
      project: key.project,
      scope: `endpoint/${key.endpoint}`,
      revision: request.revision,
      from: Math.floor(request.from / hour) * hour,
      to: Math.ceil(request.to / hour) * hour,
      most: SAMPLE,
    }),
  ])
  const task = watched.revisions.find((r) => r.revision === request.revision)?.task ?? taskOf(slice)
  const loss = losses[task]
  const all = loss.of(slice.performance)
  const whole = meanEstimate(all, 0.95, 30)
  const declared = [...slice.groups].flatMap(([segment, group]) => {
    const own = loss.of(group.performance)
    if (own.n < LEAST_ROWS || all.n - own.n < LEAST_ROWS) return []
    const found = compared(own, minus(all, own))
    return found
      ? [
          {
            segment,
            conditions: segmentConditions(segment),
            origin: 'declared' as const,
            rows: own.n,
            share: own.n / all.n,
            ...found,
          },
        ]
      : []
  })
  const rows = sample.flatMap((row): SliceRow[] => {
    const own = loss.row(row)
    return Number.isNaN(own) ? [] : [{ numbers: row.numbers, texts: row.texts, loss: own }]
  })
  const search = findSlices(rows, { leastRows: LEAST_ROWS })
  const known = new Set(declared.map(({ segment }) => segment))
  const found = search.slices
    .filter(({ segment }) => !known.has(segment))
    .slice(0, MOST_FOUND)
    .flatMap((s) => {
      const own = compared(s.own, minus(search.whole, s.own))
      return own
        ? [
            {
              segment: s.segment,
              conditions: s.conditions,
              origin: 'found' as const,
              rows: s.own.n,
              share: s.own.n / search.whole.n,
              ...own,
            },
          ]
        : []
    })
  const tests = { declared: declared.length, found: search.searched }
  const corrected = [...declared, ...found].map((s): WorstSegment => {
    const adjusted = Math.min(1, s.p * tests[s.origin])
    return { ...s, adjusted, significant: adjusted <= 0.05 && s.difference > 0 }
  })
  return {
    task,
    revision: request.revision,
    start: request.from,
    end: request.to,
    metric: loss.metric,
    whole: whole.ok ? { value: whole.value, low: whole.low, high: whole.high, n: whole.n } : null,
    segments: corrected.sort((a, b) => order(a) - order(b) || b.difference - a.difference),
    searched: search.searched,
    sample: rows.length,
    method: `Welch’s test of each slice against all other rows, one-sided; p times the slices that were looked at (Bonferroni), so that a search finds nothing by chance in 95 % of worlds without a difference; slices are one or two conditions over categories and quarters of numbers with at least ${LEAST_ROWS} rows`,
  }
}

const order = (s: WorstSegment) => (s.origin === 'declared' ? 0 : 1)

function compared(own: Moments, rest: Moments) {
  const value = meanEstimate(own, 0.95, 2)
  const test = welchTest(rest, own)
  if (!value.ok || !test.ok) return undefined
  return {
    value: value.value,
    low: value.low,
    high: value.high,
    difference: test.value,
    p: test.value > 0 ? test.p / 2 : 1 - test.p / 2,
  }
}
