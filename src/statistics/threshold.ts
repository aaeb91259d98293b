import { studentQuantile, studentTwoSided, studentUpper } from './student-t.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export type Side = 'above' | 'below' | 'both'

/**
 * What a monitor's value does while nothing changes, learnt from the reference's own chunks: (value − location) / scale
 * follows Student's t with df degrees of freedom. A limit at α promises that a window without change exceeds it with
 * probability α.
 */
export interface Calibration {
  location: number
  scale: number
  df: number
  /** how many chunks of the reference it was learnt from */
  chunks: number
}

/** The values beyond which a window violates, each with chance α (α/2 a side when `both`); ±Infinity where no limit is. */
export function limits(c: Calibration, alpha: number, side: Side): { low: number; high: number } {
  const half = c.scale > 0 ? c.scale * studentQuantile(1 - (side === 'both' ? alpha / 2 : alpha), c.df) : 0
  return {
    low: side === 'above' ? -Infinity : c.location - half,
    high: side === 'below' ? Infinity : c.location + half,
  }
}

/** The chance of a value at least as far out while nothing changed; for a family of features feed it to `benjaminiHochberg`. */
export function calibratedP(c: Calibration, value: number, side: Side): number {
  if (c.scale === 0) return value === c.location ? 1 : 0
  const t = (value - c.location) / c.scale
  if (side === 'both') return studentTwoSided(t, c.df)
  return studentUpper(side === 'above' ? t : -t, c.df)
}

/** Factor by which the variance of a mean of `m` neighbours exceeds that of independent ones under AR(1). */
function inflation(rho: number, m: number): number {
  let sum = 0
  for (let k = 1; k < m; k++) sum += (1 - k / m) * rho ** k
  return 1 + 2 * sum
}

export interface SamplingNoise {
  /** variance that a bucket's mean has from its own few rows alone: row variance / rows a bucket */
  bucket: number
  /** the same of the window's mean: row variance / rows of the window */
  window: number
}

/**
 * For a value that is a mean over rows (a loss, a rate, a gap): `values` are its means over the reference's buckets in
 * time order, a window is the mean of `perWindow` neighbouring buckets. What a bucket's mean does beyond its sampling
 * noise ν is taken as an AR(1) series with variance σ² = s² − ν and lag-1 correlation ρ = cov₁/σ² (corrected for its bias
 * in short series, Kendall 1954; within [0, 0.9]), so that noise does not hide how long bad days last. The prediction
 * interval of a new window is location ± t · √(σ²V(w)/w + σ²V(m)/m + ν_window + ν/m), V the inflation under AR(1), with
 * m(1 − ρ)/(1 + ρ) − 1 degrees of freedom. Without `noise` all of s² is taken as the series. Needs 7 buckets.
 */
export function calibrateMean(
  values: readonly number[],
  perWindow: number,
  noise: SamplingNoise = { bucket: 0, window: 0 },
): Measured<Calibration> {
  const m = values.length
  if (m < 7) return tooFewSamples('reference buckets', 7, m)
  const location = values.reduce((a, b) => a + b, 0) / m
  let own = 0
  let cross = 0
  for (let i = 0; i < m; i++) {
    own += (values[i]! - location) ** 2
    if (i > 0) cross += (values[i]! - location) * (values[i - 1]! - location)
  }
  const signal = own - m * noise.bucket
  // a series that is mostly noise tells nothing of its correlation
  const raw = signal > 0.1 * own ? cross / signal : own > 0 ? cross / own : 0
  const rho = Math.min(0.9, Math.max(0, (raw * m + 1) / (m - 4)))
  // a mean taken from correlated buckets hides part of their variance: E[Σ(x − x̄)²] = σ²(m − V(m))
  const variance = Math.max(0, own - (m - 1) * noise.bucket) / (m - inflation(rho, m))
  const w = Math.min(perWindow, m)
  const scale = Math.sqrt(variance * (inflation(rho, w) / w + inflation(rho, m) / m) + noise.window + noise.bucket / m)
  const df = Math.max(2, (m * (1 - rho)) / (1 + rho) - 1)
  return { ok: true, location, scale, df, chunks: m }
}

/**
 * For any other statistic of a window: `values` are that statistic of every run of `perWindow` neighbouring buckets of the
 * reference. Neighbouring runs overlap, so their spread is corrected and t has only as many degrees of freedom as runs fit
 * side by side in `buckets`, less one. The statistic should be near to normal. Needs room for 3 windows.
 */
export function calibrateRuns(values: readonly number[], perWindow: number, buckets: number): Measured<Calibration> {
  const fit = Math.floor(buckets / perWindow)
  const found = values.filter(Number.isFinite)
  const had = Math.min(fit, found.length)
  if (had < 3) return tooFewSamples('reference windows', 3, had)
  const location = found.reduce((a, b) => a + b, 0) / found.length
  const squares = found.reduce((a, b) => a + (b - location) ** 2, 0) / found.length
  const scale = Math.sqrt((squares * had) / (had - 1)) * Math.sqrt(1 + 1 / had)
  return { ok: true, location, scale, df: had - 1, chunks: found.length }
}

/**
 * Distances of samples shrink with √rows: a window whose rows are only `rowsRatio` of those of the reference's windows has
 * location and scale times 1/√rowsRatio.
 */
export function widenForRows(calibration: Calibration, rowsRatio: number): Calibration {
  const widen = 1 / Math.sqrt(Math.min(1, rowsRatio))
  return { ...calibration, location: calibration.location * widen, scale: calibration.scale * widen }
}

/**
 * For a distance of a window from the reference: every run of `perWindow` neighbouring buckets of the reference is taken
 * out and compared with the rest of it, then `calibrateRuns`. `distance` must be on a root scale (Jensen-Shannon,
 * Hellinger, √PSI …), where it is near to normal. See `widenForRows` for windows with fewer rows.
 */
export function calibrateDistance(
  buckets: readonly (readonly number[])[],
  perWindow: number,
  distance: (reference: number[], current: number[]) => number,
): Measured<Calibration> {
  const width = buckets[0]?.length ?? 0
  const all = new Array<number>(width).fill(0)
  for (const bucket of buckets) for (let i = 0; i < width; i++) all[i]! += bucket[i]!
  const values: number[] = []
  for (let start = 0; start + perWindow <= buckets.length; start++) {
    const window = new Array<number>(width).fill(0)
    for (let b = start; b < start + perWindow; b++) for (let i = 0; i < width; i++) window[i]! += buckets[b]![i]!
    values.push(
      distance(
        all.map((n, i) => n - window[i]!),
        window,
      ),
    )
  }
  return calibrateRuns(values, perWindow, buckets.length)
}
