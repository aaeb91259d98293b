import { type Moments, mergeMoments, noMoments } from '../statistics/moments.ts'
import { segmentName } from '../statistics/segment-name.ts'
import { sortedQuantile } from '../statistics/sorted-quantile.ts'

export interface SliceRow {
  numbers: Readonly<Record<string, number>>
  texts: Readonly<Record<string, string>>
  /** more is worse */
  loss: number
}

export interface FoundSlice {
  segment: string
  conditions: { feature: string; is: string }[]
  own: Moments
}

interface Condition {
  feature: string
  is: string
  /** which rows it holds for */
  rows: Uint8Array
  own: Moments
}

const MOST_FEATURES = 30
const MOST_CATEGORIES = 20
/** Conditions that are combined: the worst ones. */
const MOST_COMBINED = 25

/**
 * Slices where the loss is largest beside all other rows: every category and quarter of every feature, then pairs of the
 * worst of them. Those with a larger loss come first, by how many standard errors it is larger. `searched` is how many were
 * looked at, for the correction.
 */
export function findSlices(
  rows: readonly SliceRow[],
  { leastRows }: { leastRows: number },
): { slices: FoundSlice[]; searched: number; whole: Moments } {
  const whole = rows.reduce((sum, row) => mergeMoments(sum, one(row.loss)), noMoments)
  const single = conditionsOf(rows).filter(({ own }) => own.n >= leastRows && whole.n - own.n >= leastRows)
  const byExcess = <T extends { own: Moments }>(some: T[]) =>
    some
      .map((s) => ({ s, z: excess(s.own, whole) }))
      .filter(({ z }) => z > 0)
      .sort((a, b) => b.z - a.z)
      .map(({ s }) => s)
  const worst = byExcess(single).slice(0, MOST_COMBINED)
  const pairs: FoundSlice[] = []
  let searched = single.length
  for (let i = 0; i < worst.length; i++)
    for (let j = i + 1; j < worst.length; j++) {
      const [a, b] = [worst[i]!, worst[j]!]
      if (a.feature === b.feature) continue
      // the pairs that could have been combined were all in the search
      const own = momentsWhere(rows, (k) => a.rows[k] === 1 && b.rows[k] === 1)
      if (own.n < leastRows) continue
      const conditions = [a, b].map(({ feature, is }) => ({ feature, is }))
      pairs.push({ segment: segmentName(conditions), conditions, own })
    }
  const features = new Map<string, number>()
  for (const { feature } of single) features.set(feature, (features.get(feature) ?? 0) + 1)
  const counts = [...features.values()]
  searched += counts.reduce((sum, n, i) => sum + n * counts.slice(i + 1).reduce((a, b) => a + b, 0), 0)
  const alone = single.map(({ feature, is, own }) => ({
    segment: `${feature}=${is}`,
    conditions: [{ feature, is }],
    own,
  }))
  return { slices: byExcess([...alone, ...pairs]), searched, whole }
}

const one = (x: number): Moments => ({ n: 1, sum: x, sumSquares: x * x })

/** By how many standard errors a slice's mean lies above that of all rows. */
function excess(own: Moments, whole: Moments): number {
  const mean = whole.sum / whole.n
  const variance = Math.max(1e-12, whole.sumSquares / whole.n - mean * mean)
  return ((own.sum / own.n - mean) * Math.sqrt(own.n)) / Math.sqrt(variance)
}

function momentsWhere(rows: readonly SliceRow[], holds: (row: number) => boolean): Moments {
  let [n, sum, sumSquares] = [0, 0, 0]
  rows.forEach(({ loss }, i) => {
    if (!holds(i)) return
    n++
    sum += loss
    sumSquares += loss * loss
  })
  return { n, sum, sumSquares }
}

const shown = (x: number) => String(Number(x.toPrecision(4)))

function conditionsOf(rows: readonly SliceRow[]): Condition[] {
  const features = new Map<string, 'text' | 'number'>()
  for (const row of rows) {
    for (const name of Object.keys(row.texts)) features.set(name, 'text')
    for (const name of Object.keys(row.numbers)) if (!features.has(name)) features.set(name, 'number')
  }
  return [...features].slice(0, MOST_FEATURES).flatMap(([feature, kind]) => {
    const named = kind === 'text' ? categories(rows, feature) : quarters(rows, feature)
    return named.map(([is, holds]) => {
      const mask = Uint8Array.from(rows, (row) => (holds(row) ? 1 : 0))
      return { feature, is, rows: mask, own: momentsWhere(rows, (i) => mask[i] === 1) }
    })
  })
}

function categories(rows: readonly SliceRow[], feature: string): [string, (row: SliceRow) => boolean][] {
  const counts = new Map<string, number>()
  for (const { texts } of rows) {
    const value = texts[feature]
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_CATEGORIES)
    .map(([value]) => [value, (row) => row.texts[feature] === value])
}

function quarters(rows: readonly SliceRow[], feature: string): [string, (row: SliceRow) => boolean][] {
  const values = Float64Array.from(rows.flatMap((row) => row.numbers[feature] ?? [])).sort()
  if (values.length === 0) return []
  const cuts = [...new Set([0.25, 0.5, 0.75].map((q) => sortedQuantile(values, q)))].filter(
    (cut) => cut < values.at(-1)!,
  )
  const found: [string, (row: SliceRow) => boolean][] = [...cuts, Infinity].map((upper, i) => {
    const lower = cuts[i - 1] ?? -Infinity
    const name =
      lower === -Infinity
        ? `≤ ${shown(upper)}`
        : upper === Infinity
          ? `> ${shown(lower)}`
          : `${shown(lower)} to ${shown(upper)}`
    return [
      name,
      (row) => {
        const x = row.numbers[feature]
        return x !== undefined && x > lower && x <= upper
      },
    ]
  })
  return values.length < rows.length
    ? [...found, ['missing', (row) => row.numbers[feature] === undefined]]
    : cuts.length === 0
      ? []
      : found
}
