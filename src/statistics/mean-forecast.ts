import { normalUpper } from './normal.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

/** On which side a value is bad. */
export type Side = 'above' | 'below' | 'both'

/**
 * What the mean of a window is expected to be while nothing changes: a mixture of normal distributions, one for each
 * world that the reference allows.
 */
export interface MeanForecast {
  parts: readonly { weight: number; location: number; variance: number }[]
  location: number
  /** standard deviation of the mixture */
  scale: number
  /** expected correlation of neighbouring buckets */
  correlation: number
  /** how many buckets it was learnt from */
  chunks: number
}

interface World {
  /** correlation of neighbouring buckets, and their variance beyond the noise of their rows */
  rho: number
  variance: number
}

/** The worlds and their weights, with the location that each gives; see `forecastMean`. */
export interface MeanPosterior {
  worlds: (World & { weight: number; location: number; error: number })[]
  /** mean variance of the buckets' own noise */
  noise: number
  chunks: number
}

/** Correlations looked at, each as likely as the other before the reference is seen. */
const RHOS = Array.from({ length: 20 }, (_, i) => i * 0.05)
/** Points of the grid of variances, each time it is laid. */
const VARIANCES = 16

/** Log-likelihood of a world with the level integrated out, the level and its variance: a Kalman filter run on x and on 1. */
function likelihood(values: readonly number[], noise: readonly number[], { rho, variance }: World) {
  const moved = variance * (1 - rho * rho)
  let state = 0
  let ones = 0
  let spread = variance
  let xx = 0
  let x1 = 0
  let oneOne = 0
  let logs = 0
  for (let i = 0; i < values.length; i++) {
    const total = spread + noise[i]!
    const ofX = values[i]! - state
    const ofOne = 1 - ones
    xx += (ofX * ofX) / total
    x1 += (ofX * ofOne) / total
    oneOne += (ofOne * ofOne) / total
    logs += Math.log(total)
    const gain = spread / total
    state = rho * (state + gain * ofX)
    ones = rho * (ones + gain * ofOne)
    spread = rho * rho * spread * (1 - gain) + moved
  }
  const location = x1 / oneOne
  return { log: -0.5 * (logs + Math.log(oneOne) + xx - x1 * location), location, error: 1 / oneOne }
}

/**
 * The worlds that `values`, means over buckets in time order, may come from: level + AR(1) + noise of the buckets' few
 * rows, whose variances are known. Neither the level, nor the AR(1)'s variance σ², nor its correlation ρ is taken for known:
 * flat priors for the level and for ρ in [0, 0.95], 1/(σ² + mean noise) for σ² (Jeffreys' for a variance beside a known one).
 */
export function meanPosterior(values: readonly number[], noise: readonly number[]): Measured<MeanPosterior> {
  const m = values.length
  if (m < 7) return tooFewSamples('reference buckets', 7, m)
  const mean = values.reduce((a, b) => a + b, 0) / m
  const squares = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (m - 1)
  const known = noise.reduce((a, b) => a + b, 0) / m
  if (squares === 0)
    return {
      ok: true,
      worlds: [{ rho: 0, variance: 0, weight: 1, location: mean, error: known / m }],
      noise: known,
      chunks: m,
    }
  const lay = (from: number, to: number) => {
    const step = Math.log(to / from) / (VARIANCES - 1)
    return RHOS.flatMap((rho) =>
      Array.from({ length: VARIANCES }, (_, i) => {
        const variance = from * Math.exp(i * step)
        const found = likelihood(values, noise, { rho, variance })
        return { rho, variance, ...found, log: found.log + Math.log(variance / (variance + known)) }
      }),
    )
  }
  // laid wide, then once more where the weight is
  const wide = lay(squares / 3000, squares * 300)
  const most = Math.max(...wide.map((w) => w.log))
  const likely = wide.filter((w) => w.log > most - 16).map((w) => w.variance)
  const next = 1e6 ** (1 / (VARIANCES - 1))
  const worlds = lay(Math.min(...likely) / next, Math.max(...likely) * next)
  const best = Math.max(...worlds.map((w) => w.log))
  const kept = worlds.filter((w) => w.log > best - 12)
  const sum = kept.reduce((s, w) => s + Math.exp(w.log - best), 0)
  return {
    ok: true,
    worlds: kept.map(({ log, ...w }) => ({ ...w, weight: Math.exp(log - best) / sum })),
    noise: known,
    chunks: m,
  }
}

/** Variance of a mean of neighbours that weigh `weights` under AR(1), as a share of the variance of one. */
function shareOfMean(rho: number, weights: readonly number[]): number {
  const sum = weights.reduce((a, b) => a + b, 0)
  let before = 0
  let share = 0
  for (const weight of weights) {
    share += weight * (weight + 2 * before)
    before = rho * (before + weight)
  }
  return share / sum ** 2
}

/**
 * The mean of a window in each of the worlds, weighted. `weights` are the rows of its buckets in time order, `noise` the
 * variance that its mean has from them alone (row variance / rows of the window). When the posterior's values are logarithms
 * of means, so is what is forecast: the logarithm of a mean over several buckets lies above the mean of their logarithms
 * by half of the variance that averaging takes away.
 */
export function forecastMean(
  posterior: MeanPosterior,
  weights: readonly number[],
  noise: number,
  scale: 'linear' | 'logarithm' = 'linear',
): MeanForecast {
  const shares = new Map<number, number>()
  const parts = posterior.worlds.map(({ rho, variance, weight, location, error }) => {
    let share = shares.get(rho)
    if (share === undefined) {
      share = shareOfMean(rho, weights)
      shares.set(rho, share)
    }
    const own = variance * share + noise
    const lift = scale === 'logarithm' ? (variance + posterior.noise - own) / 2 : 0
    return { weight, location: location + lift, variance: own + error }
  })
  return mixture(parts, {
    correlation: posterior.worlds.reduce((s, w) => s + w.weight * w.rho, 0),
    chunks: posterior.chunks,
  })
}

function mixture(parts: MeanForecast['parts'], rest: Pick<MeanForecast, 'correlation' | 'chunks'>): MeanForecast {
  const location = parts.reduce((s, p) => s + p.weight * p.location, 0)
  const variance = parts.reduce((s, p) => s + p.weight * (p.variance + (p.location - location) ** 2), 0)
  return { parts, location, scale: Math.sqrt(variance), ...rest }
}

/** The forecast of values that are `factor` times as large. */
export const scaleForecast = ({ parts, ...rest }: MeanForecast, factor: number): MeanForecast =>
  mixture(
    parts.map((p) => ({ weight: p.weight, location: p.location * factor, variance: p.variance * factor * factor })),
    { correlation: rest.correlation, chunks: rest.chunks },
  )

/** The forecast of values that scatter `factor` times as widely around the same locations. */
export const spreadForecast = ({ parts, correlation, chunks }: MeanForecast, factor: number): MeanForecast =>
  mixture(
    parts.map((p) => ({ ...p, variance: p.variance * factor * factor })),
    { correlation, chunks },
  )

/** The chance of a window's mean above `value` while nothing changed. */
function forecastUpper({ parts }: MeanForecast, value: number): number {
  let sum = 0
  for (const { weight, location, variance } of parts)
    sum +=
      weight *
      (variance > 0
        ? normalUpper((value - location) / Math.sqrt(variance))
        : value > location
          ? 0
          : value < location
            ? 1
            : 0.5)
  return sum
}

/** The value above which a window's mean lies with chance `alpha`: Newton's steps, kept inside a bracket. */
function forecastQuantile(forecast: MeanForecast, alpha: number): number {
  const { location, scale, parts } = forecast
  if (scale === 0) return location
  let low = location
  let high = location
  for (let d = scale; forecastUpper(forecast, low) < alpha; d *= 2) low -= d
  for (let d = scale; forecastUpper(forecast, high) > alpha; d *= 2) high += d
  let x = (low + high) / 2
  for (let i = 0; i < 60; i++) {
    const off = forecastUpper(forecast, x) - alpha
    if (off > 0) low = x
    else high = x
    let density = 0
    for (const part of parts)
      if (part.variance > 0)
        density +=
          (part.weight * Math.exp(-((x - part.location) ** 2) / (2 * part.variance))) /
          Math.sqrt(2 * Math.PI * part.variance)
    const step = x + off / density
    const next = step > low && step < high ? step : (low + high) / 2
    if (Math.abs(next - x) < 1e-10 * scale) return next
    x = next
  }
  return x
}

/** Limits that a window's mean exceeds with chance `alpha` (α/2 a side when `both`); ±Infinity where no limit is. */
export function forecastLimits(forecast: MeanForecast, alpha: number, side: Side): { low: number; high: number } {
  const each = side === 'both' ? alpha / 2 : alpha
  return {
    low: side === 'above' ? -Infinity : forecastQuantile(forecast, 1 - each),
    high: side === 'below' ? Infinity : forecastQuantile(forecast, each),
  }
}

/** The chance of a window's mean at least as far out as `value` while nothing changed. */
export function forecastP(forecast: MeanForecast, value: number, side: Side): number {
  const above = forecastUpper(forecast, value)
  if (side === 'above') return above
  return side === 'below' ? 1 - above : Math.min(1, 2 * Math.min(above, 1 - above))
}
