import { type Sketch, sketchValue } from './sketch.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

function ofWeighted(points: { x: number; p: number; q: number }[]): number {
  points.sort((a, b) => a.x - b.x)
  let f = 0
  let value = 0
  for (let i = 0; i < points.length - 1; i++) {
    f += points[i]!.p - points[i]!.q
    value += Math.abs(f) * (points[i + 1]!.x - points[i]!.x)
  }
  return value
}

/** First Wasserstein distance ∫ |F − G| dx of two arrays, in the unit of the values. */
export function wasserstein(reference: readonly number[], current: readonly number[]): Measured<{ value: number }> {
  const had = Math.min(reference.length, current.length)
  if (had < 1) return tooFewSamples('rows', 1, had)
  const points = reference.map((x) => ({ x, p: 1 / reference.length, q: 0 }))
  for (const x of current) points.push({ x, p: 0, q: 1 / current.length })
  return { ok: true, value: ofWeighted(points) }
}

/** The same of two sketches; within 1 % of E|X| + E|Y|, because each value moves by at most 1 % of itself. */
export function wassersteinOfSketches(reference: Sketch, current: Sketch): Measured<{ value: number }> {
  const sum = (s: Sketch) => [...s.values()].reduce((a, b) => a + b, 0)
  const n = sum(reference)
  const m = sum(current)
  if (n < 1 || m < 1) return tooFewSamples('rows', 1, Math.min(n, m))
  const points = [...reference].map(([key, c]) => ({ x: sketchValue(key), p: c / n, q: 0 }))
  for (const [key, c] of current) points.push({ x: sketchValue(key), p: 0, q: c / m })
  return { ok: true, value: ofWeighted(points) }
}
