import type { DriftMetric } from '../contracts/drift-metric.ts'
import { KedgeError } from '../errors.ts'
import { categoryBins, categoryCounts, numericBins, numericCounts, numericEdges } from '../statistics/reference-bins.ts'
import { sketchQuantile } from '../statistics/sketch.ts'
import type { FeatureProfile, Slice } from '../statistics/slice.ts'
import { momentsOfProfile, noProfile, typeOf } from '../statistics/slice.ts'

export interface ComparedSide {
  label: string
  rows: number
  missing: number
  mean: number | null
  deviation: number | null
  minimum: number | null
  maximum: number | null
  quantiles: Record<'p01' | 'p05' | 'p25' | 'p50' | 'p75' | 'p95' | 'p99', number> | null
  counts: number[]
}

export interface FeatureComparison {
  feature: string
  type: 'numeric' | 'categorical'
  edges: number[]
  categories: string[]
  current: ComparedSide
  against: ComparedSide | null
  distances: Record<string, number | null>
}

const MOST_CATEGORIES = 30

/** One feature of two slices over common bins, which are fixed on `against` (or on `current` when there is no other). */
export function compareFeature(
  feature: string,
  current: { label: string; slice: Slice },
  against: { label: string; slice: Slice } | undefined,
  metrics: readonly DriftMetric[],
  bins = 20,
): FeatureComparison {
  const profile = current.slice.features.get(feature)
  const other = against?.slice.features.get(feature)
  const basis = other ?? profile
  if (!basis) throw new KedgeError('not_found', { kind: 'Feature', name: feature })
  const type = typeOf(basis)
  const numeric = numericBins(basis.sketch, bins)
  const categorical = categoryBins(basis.categories, MOST_CATEGORIES)
  const count = (p: FeatureProfile) =>
    type === 'numeric' ? numericCounts(p.sketch, numeric) : categoryCounts(p.categories, categorical)
  const side = (label: string, slice: Slice): ComparedSide => {
    const p = slice.features.get(feature) ?? noProfile
    const isNumeric = type === 'numeric' && p.count > 0
    const quantile = (q: number) => sketchQuantile(p.sketch, q)
    const { mean, deviation } = momentsOfProfile(p)
    return {
      label,
      rows: slice.rows,
      missing: slice.rows - p.count,
      mean: isNumeric ? mean : null,
      deviation: isNumeric && p.count > 1 ? deviation : null,
      minimum: isNumeric ? p.minimum : null,
      maximum: isNumeric ? p.maximum : null,
      quantiles: isNumeric
        ? {
            p01: quantile(0.01),
            p05: quantile(0.05),
            p25: quantile(0.25),
            p50: quantile(0.5),
            p75: quantile(0.75),
            p95: quantile(0.95),
            p99: quantile(0.99),
          }
        : null,
      counts: count(p),
    }
  }
  const now = side(current.label, current.slice)
  const then = against ? side(against.label, against.slice) : null
  const distances: Record<string, number | null> = {}
  if (then)
    for (const metric of metrics.filter((m) => m.types.includes(type))) {
      const measured = metric.measure(then.counts, now.counts)
      distances[metric.name] = measured.ok ? measured.value : null
    }
  return {
    feature,
    type,
    edges: type === 'numeric' ? numericEdges(numeric) : [],
    categories: type === 'numeric' ? [] : [...categorical.categories, '…'],
    current: now,
    against: then,
    distances,
  }
}
