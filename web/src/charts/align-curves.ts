export interface CurvePoint {
  step: number
  /** milliseconds since 1970 */
  time: number
  /** null: not a number */
  value: number | null
}

export type CurveAxis = 'step' | 'time' | 'wall'

/** larger numbers stand for infinities, which are clamped when they are stored */
const infinite = 1.79e308

/**
 * Several curves over one axis: steps, seconds since each curve's first point, or milliseconds since 1970. Where a curve
 * has no point it has undefined, and the line goes on; where its value is not a number it has null, and the line breaks.
 */
export function alignCurves(
  curves: readonly { points: readonly CurvePoint[]; firstTime: number | null }[],
  by: CurveAxis,
): { x: number[]; lines: (number | null | undefined)[][] } {
  const placed = curves.map(({ points, firstTime }) => ({
    points,
    at: (point: CurvePoint) =>
      by === 'step' ? point.step : by === 'wall' ? point.time : (point.time - (firstTime ?? 0)) / 1000,
  }))
  const x = [...new Set(placed.flatMap(({ points, at }) => points.map(at)))].sort((a, b) => a - b)
  const index = new Map(x.map((value, i) => [value, i]))
  const lines = placed.map(({ points, at }) => {
    const line = new Array<number | null | undefined>(x.length)
    for (const point of points)
      line[index.get(at(point))!] = point.value === null || Math.abs(point.value) > infinite ? null : point.value
    return line
  })
  return { x, lines }
}

/**
 * Exponential moving average, 0 (as it is) to below 1, corrected for its beginning as Adam corrects its moments
 * (Kingma and Ba 2015): a line of equal values stays as it is. Gaps stay gaps and change nothing.
 */
export function smoothLine(
  line: readonly (number | null | undefined)[],
  weight: number,
): (number | null | undefined)[] {
  if (weight <= 0) return [...line]
  let mean = 0
  let seen = 0
  return line.map((value) => {
    if (value == null) return value
    mean = weight * mean + (1 - weight) * value
    seen++
    return mean / (1 - weight ** seen)
  })
}

/** A logarithm has nothing at or below zero. */
export const positiveOnly = (line: readonly (number | null | undefined)[]) =>
  line.map((value) => (value != null && value <= 0 ? null : value))

/** share of the values that an outlier lies beyond, on each side */
const beyond = 0.01

/** From where to where nearly all values lie: without the lowest and the highest hundredth. Undefined without values. */
export function usualRange(lines: readonly (readonly (number | null | undefined)[])[]): [number, number] | undefined {
  const values = lines.flatMap((line) => line.filter((value) => value != null)).sort((a, b) => a - b)
  if (values.length === 0) return undefined
  const last = values.length - 1
  return [values[Math.floor(last * beyond)]!, values[Math.ceil(last * (1 - beyond))]!]
}
