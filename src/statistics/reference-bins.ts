import { type Sketch, sketchCount, sketchEntries, sketchUpper } from './sketch.ts'

/**
 * Bins fixed on the reference. `cuts` are ascending sketch keys; bin i holds keys in (cuts[i−1], cuts[i]], the first
 * everything at or below cuts[0], the last everything above the last cut. Because cuts are keys, counts are exact.
 */
export interface NumericBins {
  kind: 'numeric'
  cuts: number[]
}

/** The categories the reference fixes; what else comes falls into one more bin. */
export interface CategoryBins {
  kind: 'categorical'
  categories: string[]
}

/**
 * About `bins` bins of equal frequency in the reference, and two more for what lies below its smallest and above its
 * largest value. Few distinct values get a bin each.
 */
export function numericBins(reference: Sketch, bins = 10): NumericBins {
  const entries = sketchEntries(reference)
  if (entries.length === 0) return { kind: 'numeric', cuts: [] }
  const cuts = [entries[0]![0] - 1]
  const step = sketchCount(reference) / bins
  let seen = 0
  let next = step
  for (const [key, n] of entries) {
    seen += n
    if (entries.length <= 2 * bins || seen >= next - 1e-9) {
      cuts.push(key)
      next = (Math.floor(seen / step + 1e-9) + 1) * step
    }
  }
  const last = entries.at(-1)![0]
  if (cuts.at(-1) !== last) cuts.push(last)
  return { kind: 'numeric', cuts }
}

/** Counts of a sketch over bins fixed on a reference; one more than cuts. */
export function numericCounts(sketch: Sketch, bins: NumericBins): number[] {
  const { cuts } = bins
  const counts = new Array<number>(cuts.length + 1).fill(0)
  for (const [key, n] of sketch) {
    let low = 0
    let high = cuts.length
    while (low < high) {
      const mid = (low + high) >> 1
      if (key <= cuts[mid]!) high = mid
      else low = mid + 1
    }
    counts[low]! += n
  }
  return counts
}

/** The values at which the bins are cut, for a person to read. */
export const numericEdges = (bins: NumericBins): number[] => bins.cuts.map(sketchUpper)

/** The `most` largest categories of the reference (ties by name); rarer ones and new ones share the last bin. */
export function categoryBins(reference: ReadonlyMap<string, number>, most = 50): CategoryBins {
  const sorted = [...reference].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  return { kind: 'categorical', categories: sorted.slice(0, most).map(([name]) => name) }
}

/** Counts of categories over bins fixed on a reference; one more than its categories. */
export function categoryCounts(counts: ReadonlyMap<string, number>, bins: CategoryBins): number[] {
  const known = bins.categories.map((name) => counts.get(name) ?? 0)
  let all = 0
  for (const n of counts.values()) all += n
  return [...known, all - known.reduce((a, b) => a + b, 0)]
}
