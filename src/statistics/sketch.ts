/**
 * A mergeable sketch of a numeric distribution: counts over bins whose width grows with the value (DDSketch, Masson et
 * al., VLDB 2019). Any quantile is right within 1 % of its own value. The events engine computes the same keys in SQL:
 *
 *   x ≠ 0: k = ceil(ln|x| / ln γ) clamped to [−2000, 2000], γ = 1.01/0.99; key = sign(x)·(k + 2001);  key(0) = 0
 *
 * so keys are integers in [−4001, 4001] in the order of the values, and |x| from 4e-18 to 2e17 keeps the error bound.
 */
export type Sketch = ReadonlyMap<number, number>

const GAMMA = 1.01 / 0.99
const LOG_GAMMA = Math.log(GAMMA)
const MOST = 2000
const OFFSET = MOST + 1
/** The key of the largest values; its negative is that of the smallest. */
const OUTERMOST = MOST + OFFSET

/** The key of the bin that holds `x`; NaN has none (it counts as missing), ±∞ fall into the outermost bins. */
export function sketchKey(x: number): number {
  if (x === 0) return 0
  const k = Math.max(-MOST, Math.min(MOST, Math.ceil(Math.log(Math.abs(x)) / LOG_GAMMA)))
  return Math.sign(x) * (k + OFFSET)
}

/** The largest value of the bin (bins of positive values are (γ^(k−1), γ^k], of negative ones [−γ^k, −γ^(k−1))). */
export function sketchUpper(key: number): number {
  if (key === 0) return 0
  return key > 0 ? GAMMA ** (key - OFFSET) : -(GAMMA ** (-key - OFFSET - 1))
}

/** The smallest value of the bin. */
export const sketchLower = (key: number): number => (key === 0 ? 0 : -sketchUpper(-key))

/** The value that stands for the bin: within 1 % of every value in it. */
export const sketchValue = (key: number): number =>
  key === 0 ? 0 : (Math.sign(key) * 2 * GAMMA ** (Math.abs(key) - OFFSET)) / (GAMMA + 1)

/** The sketch of an array; NaN is left out. */
export function sketchOf(values: Iterable<number>): Map<number, number> {
  const sketch = new Map<number, number>()
  for (const x of values) {
    if (Number.isNaN(x)) continue
    const key = sketchKey(x)
    sketch.set(key, (sketch.get(key) ?? 0) + 1)
  }
  return sketch
}

/** Counts by key, for one merge at a time: far faster to add to than a map, and it gives the keys in their order. */
const counts = new Float64Array(2 * OUTERMOST + 1)

/** The sketch of the union of disjoint samples: counts add. Keys come in the order of the values. */
export function mergeSketches(...sketches: Sketch[]): Map<number, number> {
  let low = OUTERMOST
  let high = -OUTERMOST
  for (const sketch of sketches)
    for (const [key, n] of sketch) {
      counts[key + OUTERMOST]! += n
      if (key < low) low = key
      if (key > high) high = key
    }
  const merged = new Map<number, number>()
  for (let at = low + OUTERMOST; at <= high + OUTERMOST; at++)
    if (counts[at] !== 0) {
      merged.set(at - OUTERMOST, counts[at]!)
      counts[at] = 0
    }
  return merged
}

/** How many values the sketch holds. */
export function sketchCount(sketch: Sketch): number {
  let n = 0
  for (const count of sketch.values()) n += count
  return n
}

/** Keys with their counts, from the smallest values to the largest. */
export function sketchEntries(sketch: Sketch): [key: number, count: number][] {
  const entries = [...sketch]
  for (let i = 1; i < entries.length; i++)
    if (entries[i]![0] < entries[i - 1]![0]) return entries.sort((a, b) => a[0] - b[0])
  return entries
}

/**
 * The q-quantiles, 0 ≤ q ≤ 1 in ascending order: the representative of the bin that holds the value of rank ⌊q(n−1)⌋, so
 * within 1 % of that value. NaN when the sketch is empty.
 */
export function sketchQuantiles(sketch: Sketch, levels: readonly number[]): number[] {
  const last = sketchCount(sketch) - 1
  const found: number[] = []
  let seen = 0
  for (const [key, n] of sketchEntries(sketch)) {
    seen += n
    while (found.length < levels.length && seen > Math.floor(levels[found.length]! * last)) found.push(sketchValue(key))
    if (found.length === levels.length) return found
  }
  return levels.map((_, i) => found[i] ?? Number.NaN)
}

/** The q-quantile: see `sketchQuantiles`. */
export const sketchQuantile = (sketch: Sketch, q: number): number => sketchQuantiles(sketch, [q])[0]!

/** Share of values ≤ x, counting the bin of `x` up to its representative. NaN when the sketch is empty. */
export function sketchCdf(sketch: Sketch, x: number): number {
  let below = 0
  let n = 0
  for (const [key, count] of sketch) {
    n += count
    if (sketchValue(key) <= x) below += count
  }
  return below / n
}

/**
 * Counts over the bins that ascending `edges` cut: (−∞, e₀], (e₀, e₁], …, (e_last, ∞), so one more than edges. A sketch
 * bin goes where its representative lies.
 */
export function sketchHistogram(sketch: Sketch, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0)
  for (const [key, n] of sketch) {
    const x = sketchValue(key)
    let low = 0
    let high = edges.length
    while (low < high) {
      const mid = (low + high) >> 1
      if (x <= edges[mid]!) high = mid
      else low = mid + 1
    }
    counts[low]! += n
  }
  return counts
}
