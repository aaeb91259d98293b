import type { Points } from './packed-points.ts'

export const emptyPoints = (count: number): Points => ({
  steps: new Float64Array(count),
  times: new Float64Array(count),
  values: new Float64Array(count),
})

/** Points from `start` to before `end`, as views. */
export const slicePoints = (points: Points, start: number, end: number): Points => ({
  steps: points.steps.subarray(start, end),
  times: points.times.subarray(start, end),
  values: points.values.subarray(start, end),
})

export const rowsToPoints = (rows: readonly { step: number; time: number; value: number }[]): Points => {
  const points = emptyPoints(rows.length)
  rows.forEach((row, i) => {
    points.steps[i] = row.step
    points.times[i] = row.time
    points.values[i] = row.value
  })
  return points
}

/** Negative when the point `i` of `a` comes before the point `j` of `b`, 0 when it is the same. */
export const comparePoints = (a: Points, i: number, b: Points, j: number): number =>
  a.steps[i]! - b.steps[j]! ||
  a.times[i]! - b.times[j]! ||
  (a.values[i]! < b.values[j]! ? -1 : a.values[i]! > b.values[j]! ? 1 : 0)

/** The same points by step, time and value, each once. Costs little when they are in that order already. */
export function sortPoints(points: Points, compare = comparePoints): Points {
  const count = points.steps.length
  let ordered = true
  for (let i = 1; i < count && ordered; i++) ordered = compare(points, i - 1, points, i) < 0
  if (ordered) return points
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  order.sort((i, j) => compare(points, i, points, j))
  const sorted = emptyPoints(count)
  let kept = 0
  for (let k = 0; k < count; k++) {
    const i = order[k]!
    if (k > 0 && compare(points, order[k - 1]!, points, i) === 0) continue
    sorted.steps[kept] = points.steps[i]!
    sorted.times[kept] = points.times[i]!
    sorted.values[kept] = points.values[i]!
    kept++
  }
  return slicePoints(sorted, 0, kept)
}

export function joinPoints(parts: readonly Points[]): Points {
  if (parts.length === 1) return parts[0]!
  const all = emptyPoints(parts.reduce((sum, part) => sum + part.steps.length, 0))
  let at = 0
  for (const part of parts) {
    all.steps.set(part.steps, at)
    all.times.set(part.times, at)
    all.values.set(part.values, at)
    at += part.steps.length
  }
  return all
}
