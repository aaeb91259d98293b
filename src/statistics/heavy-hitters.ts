/**
 * The most frequent of any number of values in bounded memory (Misra & Gries 1982, which is Space-Saving of Metwally et
 * al. 2005 with its smallest count taken off; mergeable by Agarwal et al. 2012). Plain data. A value's true count lies in
 * [count, count + missed]; of a value that is not kept in [0, missed]; `missed` ≤ rows / (capacity + 1). Exact (missed 0)
 * up to 2 · capacity distinct values.
 */
export interface HeavyHitters {
  capacity: number
  rows: number
  missed: number
  counts: Map<string, number>
}

export const newHeavyHitters = (capacity = 256): HeavyHitters => ({ capacity, rows: 0, missed: 0, counts: new Map() })

/** Adds `n` rows with a value. Changes `hitters`, which belongs to the caller. */
export function addHit(hitters: HeavyHitters, value: string, n = 1): void {
  hitters.rows += n
  hitters.counts.set(value, (hitters.counts.get(value) ?? 0) + n)
  if (hitters.counts.size > 2 * hitters.capacity) shrink(hitters)
}

/** The heavy hitters of the union of disjoint rows, with the smaller capacity of both. */
export function mergeHeavyHitters(a: HeavyHitters, b: HeavyHitters): HeavyHitters {
  const merged: HeavyHitters = {
    capacity: Math.min(a.capacity, b.capacity),
    rows: a.rows + b.rows,
    missed: a.missed + b.missed,
    counts: new Map(a.counts),
  }
  for (const [value, n] of b.counts) merged.counts.set(value, (merged.counts.get(value) ?? 0) + n)
  if (merged.counts.size > 2 * merged.capacity) shrink(merged)
  return merged
}

/** Takes the (capacity + 1)-th largest count off all: capacity + 1 counts lose it, so it is missed at most rows / (capacity + 1) times. */
function shrink(hitters: HeavyHitters): void {
  const off = [...hitters.counts.values()].sort((a, b) => b - a)[hitters.capacity]!
  hitters.missed += off
  for (const [value, n] of hitters.counts) {
    if (n > off) hitters.counts.set(value, n - off)
    else hitters.counts.delete(value)
  }
}

/** The largest counts with their bounds, descending (ties by name); all values with more than `missed` rows are among the kept. */
export const topHits = (
  hitters: HeavyHitters,
  most = hitters.capacity,
): { value: string; low: number; high: number }[] =>
  [...hitters.counts]
    .map(([value, n]) => ({ value, low: n, high: n + hitters.missed }))
    .sort((a, b) => b.low - a.low || (a.value < b.value ? -1 : 1))
    .slice(0, most)
