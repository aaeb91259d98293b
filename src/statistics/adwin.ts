/** A run of values: how many (a power of two), their sum, and Σ (x − mean)². */
interface Bucket {
  n: number
  sum: number
  squares: number
}

/** Plain data, so that it can be kept between windows: buckets from the newest to the oldest, O(log rows) of them. */
export interface Adwin {
  seen: number
  buckets: Bucket[]
}

export const newAdwin = (): Adwin => ({ seen: 0, buckets: [] })

const MOST_OF_A_SIZE = 5

const join = (a: Bucket, b: Bucket): Bucket => ({
  n: a.n + b.n,
  sum: a.sum + b.sum,
  squares: a.squares + b.squares + (a.n * b.n * (a.sum / a.n - b.sum / b.n) ** 2) / (a.n + b.n),
})

/**
 * Adds a value to ADWIN, the adaptive window of Bifet & Gavaldà (2007), version 2 with exponential buckets, and drops the
 * oldest values while two parts of the window differ in mean by more than
 *   ε = √(2/m σ² δ′) + 2/(3m) δ′,  1/m = 1/(n₀ − smallest + 1) + 1/(n₁ − smallest + 1),  δ′ = ln(2 ln n / δ)
 * (river's constants). Looked at every `clock` values. `state` is changed and belongs to the caller; NaN changes nothing.
 * Answers whether something was dropped.
 */
export function adwinStep(
  state: Adwin,
  x: number,
  { delta = 0.002, clock = 32, smallest = 5, grace = 10 } = {},
): { drift: boolean } {
  if (Number.isNaN(x)) return { drift: false }
  const { buckets } = state
  buckets.unshift({ n: 1, sum: x, squares: 0 })
  compress(buckets)
  state.seen++
  if (state.seen % clock !== 0) return { drift: false }
  let drift = false
  while (adwinWindow(state).n > grace && hasCut(buckets, delta, smallest)) {
    buckets.pop()
    drift = true
  }
  return { drift }
}

/** How many values the window holds, their mean and variance. */
export function adwinWindow({ buckets }: Adwin): { n: number; mean: number; variance: number } {
  if (buckets.length === 0) return { n: 0, mean: Number.NaN, variance: Number.NaN }
  const whole = buckets.reduce(join)
  return { n: whole.n, mean: whole.sum / whole.n, variance: whole.squares / whole.n }
}

/** Joins the two oldest buckets of a size when there are more than five of it. */
function compress(buckets: Bucket[]): void {
  let from = 0
  for (;;) {
    const size = buckets[from]?.n
    if (size === undefined) return
    let end = from
    while (buckets[end]?.n === size) end++
    if (end - from <= MOST_OF_A_SIZE) return
    buckets.splice(end - 2, 2, join(buckets[end - 2]!, buckets[end - 1]!))
    from = end - 2
  }
}

function hasCut(buckets: readonly Bucket[], delta: number, smallest: number): boolean {
  const whole = buckets.reduce(join)
  const variance = whole.squares / whole.n
  const confidence = Math.log((2 * Math.log(whole.n)) / delta)
  let old = { n: 0, sum: 0 }
  for (let i = buckets.length - 1; i > 0; i--) {
    old = { n: old.n + buckets[i]!.n, sum: old.sum + buckets[i]!.sum }
    const young = { n: whole.n - old.n, sum: whole.sum - old.sum }
    if (old.n < smallest || young.n < smallest) continue
    const inverse = 1 / (old.n - smallest + 1) + 1 / (young.n - smallest + 1)
    const most = Math.sqrt(2 * inverse * variance * confidence) + (2 / 3) * confidence * inverse
    if (Math.abs(old.sum / old.n - young.sum / young.n) > most) return true
  }
  return false
}
