import type { DriftMetric, FeatureType } from '../contracts/drift-metric.ts'

/** By every metric for the type; null where there is too little to measure. */
export const distancesOf = (
  metrics: readonly DriftMetric[],
  type: FeatureType,
  expected: number[],
  current: number[],
): Record<string, number | null> =>
  Object.fromEntries(
    metrics
      .filter((metric) => metric.types.includes(type))
      .map((metric) => {
        const measured = metric.measure(expected, current)
        return [metric.name, measured.ok ? measured.value : null]
      }),
  )
