/** Both one-sided sums, in standard deviations; plain data, so that it can be kept between windows. */
export interface Cusum {
  high: number
  low: number
  /** rows since the sums were last 0: an estimate of how long ago the change began */
  sinceHigh: number
  sinceLow: number
}

export const noCusum: Cusum = { high: 0, low: 0, sinceHigh: 0, sinceLow: 0 }

/**
 * One step of the tabular CUSUM (Page 1954) for a mean: high = max(0, high + z − slack), low = max(0, low − z − slack),
 * z = (x − mean) / deviation. `slack` ½ is tuned to shifts of one deviation; with `limit` 5 a false alarm comes once in
 * 465 rows on average (Montgomery, table 9.3). NaN changes nothing.
 */
export function cusumStep(
  state: Cusum,
  x: number,
  { mean, deviation, slack = 0.5, limit = 5 }: { mean: number; deviation: number; slack?: number; limit?: number },
): { state: Cusum; drift: 'up' | 'down' | null } {
  const z = (x - mean) / deviation
  if (Number.isNaN(z)) return { state, drift: null }
  const high = Math.max(0, state.high + z - slack)
  const low = Math.max(0, state.low - z - slack)
  return {
    state: {
      high,
      low,
      sinceHigh: high > 0 ? state.sinceHigh + 1 : 0,
      sinceLow: low > 0 ? state.sinceLow + 1 : 0,
    },
    drift: high > limit ? 'up' : low > limit ? 'down' : null,
  }
}
