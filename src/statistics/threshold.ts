import { forecastMean, type MeanForecast, meanPosterior, scaleForecast } from './mean-forecast.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

/**
 * For a statistic of a window that is no mean over rows: `values` are that statistic of every run of as many neighbouring
 * buckets of the reference. Runs that overlap are alike, and so are neighbouring days; the forecast counts them for what
 * they are worth, because it takes their correlation for unknown. The statistic should be near to normal. Needs 7 runs.
 */
export function forecastRuns(values: readonly number[]): Measured<MeanForecast> {
  const found = values.filter(Number.isFinite)
  if (found.length < 7) return tooFewSamples('runs of the reference', 7, found.length)
  const posterior = meanPosterior(
    found,
    found.map(() => 0),
  )
  return posterior.ok ? { ok: true, ...forecastMean(posterior, [1], 0) } : posterior
}

/**
 * The power of a distance on which its noise is near to normal: a distance on a root scale (Jensen-Shannon, Hellinger,
 * √PSI …) squared is a sum of squares, whose cube root is (Wilson & Hilferty 1931).
 */
const POWER = 2 / 3
export const toNearNormal = (distance: number): number => distance ** POWER
export const fromNearNormal = (scaled: number): number => Math.max(0, scaled) ** (1 / POWER)

/**
 * For a distance of a window from the reference: every run of `perWindow` neighbouring buckets of the reference is
 * compared with those that are not its neighbours (a tenth of the buckets on either side is left out as well: hv-block
 * cross-validation, Racine 2000; neighbours resemble it more than a window resembles the reference). `distance` must be on a
 * root scale; the forecast is on that of `toNearNormal`. See `widenForRows` for windows with fewer rows.
 */
export function forecastDistance(
  buckets: readonly (readonly number[])[],
  perWindow: number,
  distance: (reference: number[], current: number[]) => number,
): Measured<MeanForecast> {
  const width = buckets[0]?.length ?? 0
  const gap = Math.floor(buckets.length / 10)
  const sum = (some: readonly (readonly number[])[]) =>
    some.reduce<number[]>((all, bucket) => all.map((n, i) => n + bucket[i]!), new Array<number>(width).fill(0))
  const values: number[] = []
  for (let start = 0; start + perWindow <= buckets.length; start++) {
    const end = start + perWindow
    const rest = [...buckets.slice(0, Math.max(0, start - gap)), ...buckets.slice(end + gap)]
    values.push(toNearNormal(distance(sum(rest), sum(buckets.slice(start, end)))))
  }
  return forecastRuns(values)
}

/**
 * Distances of samples shrink with √rows: those of a window whose rows are only `rowsRatio` of those of the reference's
 * windows are 1/√rowsRatio times as large.
 */
export const widenForRows = (forecast: MeanForecast, rowsRatio: number): MeanForecast =>
  scaleForecast(forecast, toNearNormal(1 / Math.sqrt(Math.min(1, rowsRatio))))
