import type { MonitorScore } from '../contracts/monitor-kind.ts'
import { chiSquareTest } from '../statistics/chi-square-test.ts'
import { kolmogorovSmirnovOfCounts } from '../statistics/kolmogorov-smirnov.ts'
import { pooledSketches } from '../statistics/pooled-counts.ts'
import { categoryBins, categoryCounts } from '../statistics/reference-bins.ts'
import { type FeatureProfile, typeOf } from '../statistics/slice.ts'

/**
 * The verdict of a test on a score whose reference is too short to calibrate a limit: Kolmogorov-Smirnov for numbers,
 * χ² for categories (those of the reference, and all others). Rows are taken for independent. `ok` becomes `watch` where
 * p ≤ alpha; a fixed limit stays the limit.
 */
export function testDrift(
  score: MonitorScore,
  reference: FeatureProfile,
  current: FeatureProfile,
  alpha: number,
): MonitorScore {
  const fixed = (score.definition.threshold as { method?: string } | undefined)?.method === 'fixed in the settings'
  if (fixed || score.value === null) return score
  const numeric = typeOf(reference) === 'numeric'
  const found = numeric ? ofNumbers(reference, current) : ofCategories(reference, current)
  if (!found.ok) return { ...score, state: 'too_few_samples', thresholdHigh: null }
  return {
    ...score,
    thresholdHigh: null,
    p: found.p,
    state: found.p <= alpha ? 'watch' : 'ok',
    definition: {
      ...score.definition,
      threshold: {
        method: `${numeric ? 'two-sample Kolmogorov-Smirnov test on the bins of the sketches' : 'χ² test of homogeneity'}: the reference is too short to calibrate a limit from its own parts`,
        alpha,
        statistic: found.value,
      },
    },
  }
}

function ofNumbers(reference: FeatureProfile, current: FeatureProfile) {
  const pooled = pooledSketches(reference.sketch, current.sketch)
  return kolmogorovSmirnovOfCounts(pooled.reference, pooled.current)
}

function ofCategories(reference: FeatureProfile, current: FeatureProfile) {
  const bins = categoryBins(reference.categories)
  return chiSquareTest(categoryCounts(reference.categories, bins), categoryCounts(current.categories, bins))
}
