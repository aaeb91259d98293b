export interface DriftDetectionMethod {
  n: number
  errors: number
  /** the error rate and its deviation where their sum was smallest */
  rate: number
  deviation: number
}

export const noDriftDetectionMethod: DriftDetectionMethod = { n: 0, errors: 0, rate: Infinity, deviation: Infinity }

/**
 * One step of DDM (Gama et al. 2004) on errors of a classifier (1 wrong, 0 right): p + s above the smallest p + s by
 * `warning` or `limit` deviations, s = √(p(1 − p)/n), after `warmUp` rows. After a drift go on with
 * `noDriftDetectionMethod`.
 */
export function driftDetectionStep(
  state: DriftDetectionMethod,
  wrong: boolean,
  { warmUp = 30, warning = 2, limit = 3 } = {},
): { state: DriftDetectionMethod; verdict: 'drift' | 'warning' | null } {
  const n = state.n + 1
  const errors = state.errors + (wrong ? 1 : 0)
  const p = errors / n
  const s = Math.sqrt((p * (1 - p)) / n)
  if (n <= warmUp) return { state: { ...state, n, errors }, verdict: null }
  const better = p + s <= state.rate + state.deviation
  const rate = better ? p : state.rate
  const deviation = better ? s : state.deviation
  const above = (times: number) => p + s > rate + times * deviation
  return { state: { n, errors, rate, deviation }, verdict: above(limit) ? 'drift' : above(warning) ? 'warning' : null }
}
