import { present } from './present.ts'
import { type Sketch, sketchCount, sketchValue } from './sketch.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

interface Weighted {
  x: number
  /** rows of the reference, of the current sample */
  a: number
  b: number
}

/** √(2 ∫ (F − G)² dx) of two weighted samples; points are sorted in place. */
function ofWeighted(points: Weighted[], n: number, m: number): number {
  points.sort((p, q) => p.x - q.x)
  let a = 0
  let b = 0
  let area = 0
  for (let i = 0; i < points.length - 1; i++) {
    a += points[i]!.a
    b += points[i]!.b
    area += (a / n - b / m) ** 2 * (points[i + 1]!.x - points[i]!.x)
  }
  return Math.sqrt(2 * area)
}

/**
 * Energy distance √(2 E|X − Y| − E|X − X′| − E|Y − Y′|) = √(2 ∫ (F − G)² dx) (Székely & Rizzo 2013), in the root of the
 * values' unit, as SciPy's. NaN is left out; O(n log n).
 */
export function energyDistance(reference: readonly number[], current: readonly number[]): Measured<{ value: number }> {
  const a = present(reference)
  const b = present(current)
  const had = Math.min(a.length, b.length)
  if (had < 1) return tooFewSamples('rows', 1, had)
  const points = a.map((x) => ({ x, a: 1, b: 0 }))
  for (const x of b) points.push({ x, a: 0, b: 1 })
  return { ok: true, value: ofWeighted(points, a.length, b.length) }
}

/** The same of two sketches: its square is within 4 % of E|X| + E|Y|, because each value moves by at most 1 % of itself. */
export function energyDistanceOfSketches(reference: Sketch, current: Sketch): Measured<{ value: number }> {
  const n = sketchCount(reference)
  const m = sketchCount(current)
  if (n < 1 || m < 1) return tooFewSamples('rows', 1, Math.min(n, m))
  const points = [...reference].map(([key, c]) => ({ x: sketchValue(key), a: c, b: 0 }))
  for (const [key, c] of current) points.push({ x: sketchValue(key), a: 0, b: c })
  return { ok: true, value: ofWeighted(points, n, m) }
}
