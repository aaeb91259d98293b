import { present } from './present.ts'
import type { Sketch } from './sketch.ts'

/** Two samples as counts over the ascending distinct values (or bins) that occur in either. */
export interface PooledCounts {
  reference: number[]
  current: number[]
}

/** Counts over the distinct values of two arrays; NaN is left out. */
export function pooledCounts(reference: readonly number[], current: readonly number[]): PooledCounts {
  const a = Float64Array.from(present(reference)).sort()
  const b = Float64Array.from(present(current)).sort()
  const counts: PooledCounts = { reference: [], current: [] }
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const x = Math.min(a[i] ?? Infinity, b[j] ?? Infinity)
    const [from, since] = [i, j]
    while (i < a.length && a[i]! <= x) i++
    while (j < b.length && b[j]! <= x) j++
    counts.reference.push(i - from)
    counts.current.push(j - since)
  }
  return counts
}

/** Counts over the bins of two sketches. */
export function pooledSketches(reference: Sketch, current: Sketch): PooledCounts {
  const keys = [...new Set([...reference.keys(), ...current.keys()])].sort((a, b) => a - b)
  return { reference: keys.map((k) => reference.get(k) ?? 0), current: keys.map((k) => current.get(k) ?? 0) }
}
