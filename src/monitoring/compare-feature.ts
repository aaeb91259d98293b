import type { DriftMetric } from '../contracts/drift-metric.ts'
import { KedgeError } from '../errors.ts'
import { type DescribedFeature, featureBins } from '../statistics/feature-bins.ts'
import type { Slice } from '../statistics/slice.ts'
import { distancesOf } from './distances-of.ts'

export interface ComparedSide extends DescribedFeature {
  label: string
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

/** One feature of two slices over common bins, which are fixed on `against` (or on `current` when there is no other). */
export function compareFeature(
  feature: string,
  current: { label: string; slice: Slice },
  against: { label: string; slice: Slice } | undefined,
  metrics: readonly DriftMetric[],
  bins = 20,
): FeatureComparison {
  const basis = against?.slice.features.get(feature) ?? current.slice.features.get(feature)
  if (!basis) throw new KedgeError('not_found', { kind: 'Feature', name: feature })
  const { type, edges, categories, describe } = featureBins(feature, basis, bins)
  const now = { label: current.label, ...describe(current.slice) }
  const then = against ? { label: against.label, ...describe(against.slice) } : null
  return {
    feature,
    type,
    edges,
    categories,
    current: now,
    against: then,
    distances: then ? distancesOf(metrics, type, then.counts, now.counts) : {},
  }
}
