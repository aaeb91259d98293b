import { categoryBins, categoryCounts, numericBins, numericCounts, numericEdges } from './reference-bins.ts'
import { sketchQuantile } from './sketch.ts'
import { type FeatureProfile, momentsOfProfile, noProfile, type Slice, typeOf } from './slice.ts'

const levels = { p01: 0.01, p05: 0.05, p25: 0.25, p50: 0.5, p75: 0.75, p95: 0.95, p99: 0.99 } as const
export type Quantiles = Record<keyof typeof levels, number>

/** One feature of a slice: what a number is not asked for, or has no values, is null. */
export interface DescribedFeature {
  rows: number
  missing: number
  mean: number | null
  deviation: number | null
  minimum: number | null
  maximum: number | null
  quantiles: Quantiles | null
  /** rows by bin */
  counts: number[]
}

const MOST_CATEGORIES = 30

/** Bins that a feature's profile fixes, for a person to look at, and how any slice is described over them. */
export function featureBins(feature: string, basis: FeatureProfile, bins: number) {
  const type = typeOf(basis)
  const numeric = numericBins(basis.sketch, bins)
  const categorical = categoryBins(basis.categories, MOST_CATEGORIES)
  const count = (p: FeatureProfile) =>
    type === 'numeric' ? numericCounts(p.sketch, numeric) : categoryCounts(p.categories, categorical)
  return {
    type,
    edges: type === 'numeric' ? numericEdges(numeric) : [],
    categories: type === 'numeric' ? [] : [...categorical.categories, '…'],
    describe(slice: Slice): DescribedFeature {
      const p = slice.features.get(feature) ?? noProfile
      const isNumber = type === 'numeric' && p.count > 0
      const { mean, deviation } = momentsOfProfile(p)
      return {
        rows: slice.rows,
        missing: Math.max(0, slice.rows - p.count),
        mean: isNumber ? mean : null,
        deviation: isNumber && p.count > 1 ? deviation : null,
        minimum: isNumber ? p.minimum : null,
        maximum: isNumber ? p.maximum : null,
        quantiles: isNumber ? quantilesOf(p) : null,
        counts: count(p),
      }
    },
  }
}

const quantilesOf = (p: FeatureProfile) =>
  Object.fromEntries(Object.entries(levels).map(([name, q]) => [name, sketchQuantile(p.sketch, q)])) as Quantiles
