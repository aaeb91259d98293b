import { type Sketch, sketchCount, sketchQuantiles } from './sketch.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

const levels = [0.1, 0.5, 0.9]

export interface UnitShift {
  /** common logarithm of the factor between the distributions: 3 when what were kilometres are metres */
  value: number
  factor: number
}

/**
 * The factor that all of a distribution was multiplied by: of the ratios of the 10 %, 50 % and 90 % quantiles the one that is
 * nearest to 1, and 1 where they do not all go the same way or change sign. Needs `minimum` values on either side.
 */
export function unitShift(reference: Sketch, current: Sketch, minimum = 30): Measured<UnitShift> {
  const had = Math.min(sketchCount(reference), sketchCount(current))
  if (had < Math.max(1, minimum)) return tooFewSamples('values', Math.max(1, minimum), had)
  const [before, now] = [sketchQuantiles(reference, levels), sketchQuantiles(current, levels)]
  const shifts = before.flatMap((a, i) => {
    const b = now[i]!
    if (a === 0 && b === 0) return []
    return a * b > 0 ? [Math.log10(b / a)] : [0]
  })
  const sameWay = shifts.length > 0 && (shifts.every((s) => s > 0) || shifts.every((s) => s < 0))
  const value = sameWay ? shifts.reduce((a, b) => (Math.abs(b) < Math.abs(a) ? b : a)) : 0
  return { ok: true, value, factor: 10 ** value }
}
