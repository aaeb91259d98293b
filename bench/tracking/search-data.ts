export interface SearchRun {
  name: string
  startTime: number
  params: [key: string, value: string][]
  metrics: [key: string, value: number][]
}

/** A small generator of pseudo-random numbers in [0, 1), the same everywhere (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Runs to search: 20 params of ten values each and 20 metrics in [0, 1). */
export function searchRuns(count: number): SearchRun[] {
  const random = randomNumbers(7)
  return Array.from({ length: count }, (_, i) => ({
    name: `run-${i}`,
    startTime: 1_700_000_000_000 + i,
    params: Array.from({ length: 20 }, (_, k) => [`p${k}`, `v${Math.floor(random() * 10)}`]),
    metrics: Array.from({ length: 20 }, (_, k) => [`m${k}`, random()]),
  }))
}

/** What every search of the benchmark asks: a metric and a param, ordered by another metric. */
export const searchBody = (experiment: string, variant: number) =>
  JSON.stringify({
    experiment_ids: [experiment],
    filter: `metrics.m${variant % 20} > 0.5 and params.p${variant % 20} = 'v3'`,
    order_by: [`metrics.m${(variant + 1) % 20} DESC`],
    max_results: 100,
  })
