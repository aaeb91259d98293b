export interface PageHinkley {
  n: number
  mean: number
  increase: number
  decrease: number
  smallest: number
  largest: number
}

export const noPageHinkley: PageHinkley = {
  n: 0,
  mean: 0,
  increase: 0,
  decrease: 0,
  smallest: Infinity,
  largest: -1,
}

/**
 * One step of Page & Hinkley's test for a change of the mean in either direction, without a known mean, with river's
 * fading sums: up = fade·up + (x − x̄) − delta against its smallest, down = fade·down + (x − x̄) + delta against its
 * largest. `threshold` is in the unit of the values. After a drift go on with `noPageHinkley`. NaN changes nothing.
 */
export function pageHinkleyStep(
  state: PageHinkley,
  x: number,
  { minimum = 30, delta = 0.005, threshold = 50, fade = 0.9999 } = {},
): { state: PageHinkley; drift: 'up' | 'down' | null } {
  if (Number.isNaN(x)) return { state, drift: null }
  const n = state.n + 1
  const mean = state.mean + (x - state.mean) / n
  const increase = fade * state.increase + (x - mean) - delta
  const decrease = fade * state.decrease + (x - mean) + delta
  const smallest = Math.min(state.smallest, increase)
  const largest = Math.max(state.largest, decrease)
  const up = n >= minimum && increase - smallest > threshold
  const down = n >= minimum && largest - decrease > threshold
  return {
    state: { n, mean, increase, decrease, smallest, largest },
    drift: up ? 'up' : down ? 'down' : null,
  }
}
