import { type BinarySums, mergeBinarySums, noBinarySums } from './binary-performance.ts'
import type { GroupCounts } from './fairness.ts'
import { mergeRegressionSums, noRegressionSums, type RegressionSums } from './regression-performance.ts'
import { mergeSketches, type Sketch } from './sketch.ts'

/** The mergeable profile of one feature. A feature that changes its type has both a sketch and categories. */
export interface FeatureProfile {
  count: number
  sum: number
  sumSquares: number
  minimum: number
  maximum: number
  sketch: Sketch
  categories: ReadonlyMap<string, number>
}

/** The profile of no rows. */
export const noProfile: FeatureProfile = {
  count: 0,
  sum: 0,
  sumSquares: 0,
  minimum: 0,
  maximum: 0,
  sketch: new Map(),
  categories: new Map(),
}

export interface PerformanceSums {
  /** predictions with a known actual */
  joined: number
  binary: BinarySums
  regression: RegressionSums
}

/** Everything known of a stretch of time of one revision (or of a reference): mergeable. */
export interface Slice {
  rows: number
  /** rows that answered a caller, so not in shadow */
  live: number
  /** by name; `$score`, `$label` and `$latency_ms` are the prediction's own */
  features: ReadonlyMap<string, FeatureProfile>
  performance: PerformanceSums
  /** by segment, `feature=value` */
  groups: ReadonlyMap<string, Group>
}

export type Group = GroupCounts & { performance: PerformanceSums }

export const noPerformance: PerformanceSums = { joined: 0, binary: noBinarySums, regression: noRegressionSums }

export const noSlice: Slice = { rows: 0, live: 0, features: new Map(), performance: noPerformance, groups: new Map() }

/** The sums of the union of disjoint rows. */
export const mergePerformance = (a: PerformanceSums, b: PerformanceSums): PerformanceSums => ({
  joined: a.joined + b.joined,
  binary: mergeBinarySums(a.binary, b.binary),
  regression: mergeRegressionSums(a.regression, b.regression),
})

/** The profile of the union of disjoint rows. */
export function mergeProfiles(a: FeatureProfile, b: FeatureProfile): FeatureProfile {
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    sumSquares: a.sumSquares + b.sumSquares,
    minimum: Math.min(a.minimum, b.minimum),
    maximum: Math.max(a.maximum, b.maximum),
    sketch: mergeSketches(a.sketch, b.sketch),
    categories: addCounts(a.categories, b.categories),
  }
}

function addCounts(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): Map<string, number> {
  const sum = new Map(a)
  for (const [key, n] of b) sum.set(key, (sum.get(key) ?? 0) + n)
  return sum
}

const mergeGroups = (a: Group, b: Group): Group => ({
  n: a.n + b.n,
  selected: a.selected + b.selected,
  truePositives: a.truePositives + b.truePositives,
  falsePositives: a.falsePositives + b.falsePositives,
  positives: a.positives + b.positives,
  negatives: a.negatives + b.negatives,
  performance: mergePerformance(a.performance, b.performance),
})

function mergeMaps<V>(maps: ReadonlyMap<string, V>[], merge: (a: V, b: V) => V): Map<string, V> {
  const merged = new Map<string, V>()
  for (const map of maps)
    for (const [key, value] of map) {
      const known = merged.get(key)
      merged.set(key, known === undefined ? value : merge(known, value))
    }
  return merged
}

/** The slice of the union of disjoint stretches. */
export const mergeSlices = (slices: readonly Slice[]): Slice => ({
  rows: slices.reduce((n, s) => n + s.rows, 0),
  live: slices.reduce((n, s) => n + s.live, 0),
  features: mergeMaps(
    slices.map((s) => s.features),
    mergeProfiles,
  ),
  performance: slices.map((s) => s.performance).reduce(mergePerformance, noPerformance),
  groups: mergeMaps(
    slices.map((s) => s.groups),
    mergeGroups,
  ),
})

/** Categorical when it has more texts than numbers. */
export function typeOf(profile: FeatureProfile): 'numeric' | 'categorical' {
  let texts = 0
  for (const n of profile.categories.values()) texts += n
  return texts * 2 > profile.count ? 'categorical' : 'numeric'
}
