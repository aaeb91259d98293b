import { type BinarySums, mergeBinarySums, noBinarySums } from './binary-performance.ts'
import { type ConfusionMatrix, mergeConfusionMatrices } from './confusion-matrix.ts'
import type { GroupCounts } from './fairness.ts'
import { mergeGroupCounts } from './intersectional-groups.ts'
import { mergeRegressionSums, noRegressionSums, type RegressionSums } from './regression-performance.ts'
import { mergeSketches, type Sketch, sketchCount } from './sketch.ts'

/** The mergeable profile of one feature. A feature that changes its type has both a sketch and categories. */
export interface FeatureProfile {
  count: number
  sum: number
  sumSquares: number
  /** Σ (x − mean)² of the numbers: exact where their mean is large beside their deviation; absent where it was not kept */
  centred?: number
  minimum: number
  maximum: number
  sketch: Sketch
  /** the most frequent where there are many */
  categories: ReadonlyMap<string, number>
  /** of vectors: the sum of their squared lengths, then of each component; absent for any other feature */
  vector?: readonly number[]
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
  /** rows with a predicted and an actual class; absent where there are none */
  confusion?: ConfusionMatrix
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

export const noPerformance: PerformanceSums = {
  joined: 0,
  binary: noBinarySums,
  regression: noRegressionSums,
}

export const noSlice: Slice = { rows: 0, live: 0, features: new Map(), performance: noPerformance, groups: new Map() }

/** The sums of the union of disjoint rows. */
export const mergePerformance = (a: PerformanceSums, b: PerformanceSums): PerformanceSums => ({
  joined: a.joined + b.joined,
  ...(a.confusion || b.confusion
    ? { confusion: mergeConfusionMatrices(...[a.confusion, b.confusion].filter((matrix) => matrix !== undefined)) }
    : {}),
  binary: mergeBinarySums(a.binary, b.binary),
  regression: mergeRegressionSums(a.regression, b.regression),
})

/** The profile of the union of disjoint rows. */
export function mergeProfiles(...profiles: [FeatureProfile, ...FeatureProfile[]]): FeatureProfile {
  const [first] = profiles
  if (profiles.length === 1) return first
  const merged = { count: 0, sum: 0, sumSquares: 0, minimum: first.minimum, maximum: first.maximum }
  for (const one of profiles) {
    merged.count += one.count
    merged.sum += one.sum
    merged.sumSquares += one.sumSquares
    merged.minimum = Math.min(merged.minimum, one.minimum)
    merged.maximum = Math.max(merged.maximum, one.maximum)
  }
  return {
    ...merged,
    ...(profiles.every((one) => one.centred !== undefined) ? { centred: mergedCentred(profiles) } : {}),
    sketch: mergeSketches(...profiles.map((one) => one.sketch)),
    categories: addCounts(profiles.map((one) => one.categories)),
    ...(profiles.some((one) => one.vector)
      ? { vector: profiles.map((one) => one.vector ?? []).reduce<readonly number[]>(addVectors, []) }
      : {}),
  }
}

/** By Chan et al. 1979. */
function mergedCentred(profiles: readonly FeatureProfile[]): number {
  let [n, sum, centred] = [0, 0, 0]
  for (const one of profiles) {
    const m = numbersOf(one)
    centred += one.centred!
    if (n > 0 && m > 0) centred += ((one.sum / m - sum / n) ** 2 * n * m) / (n + m)
    n += m
    sum += one.sum
  }
  return centred
}

/** Rows with a text: what is no number, since of the categories a profile may hold only the most frequent. */
export const textsOf = ({ count, sketch, categories }: FeatureProfile): number =>
  categories.size === 0 ? 0 : Math.max(0, count - sketchCount(sketch))

/** Rows with a number. */
export const numbersOf = (profile: FeatureProfile): number => profile.count - textsOf(profile)

/** Mean and sample deviation of the feature's numbers; NaN without enough of them. */
export function momentsOfProfile(profile: FeatureProfile): { mean: number; deviation: number } {
  const n = numbersOf(profile)
  const around = profile.centred ?? Math.max(0, profile.sumSquares - profile.sum ** 2 / n)
  return { mean: profile.sum / n, deviation: Math.sqrt(around / (n - 1)) }
}

const addVectors = (a: readonly number[], b: readonly number[]) =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (a[i] ?? 0) + (b[i] ?? 0))

function addCounts([first, ...others]: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const sum = new Map(first)
  for (const other of others) for (const [key, n] of other) sum.set(key, (sum.get(key) ?? 0) + n)
  return sum
}

const mergeGroups = (a: Group, b: Group): Group => ({
  ...mergeGroupCounts(a, b),
  performance: mergePerformance(a.performance, b.performance),
})

/** What is under one key in some of the maps, as one. */
function mergeMaps<V>(maps: ReadonlyMap<string, V>[], merge: (...all: [V, ...V[]]) => V): Map<string, V> {
  const found = new Map<string, [V, ...V[]]>()
  for (const map of maps)
    for (const [key, value] of map) {
      const known = found.get(key)
      if (known) known.push(value)
      else found.set(key, [value])
    }
  return new Map([...found].map(([key, all]) => [key, all.length === 1 ? all[0] : merge(...all)]))
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
    (...all) => all.reduce(mergeGroups),
  ),
})

/** Categorical when it has more texts than numbers. */
export const typeOf = (profile: FeatureProfile): 'numeric' | 'categorical' =>
  textsOf(profile) * 2 > profile.count ? 'categorical' : 'numeric'
