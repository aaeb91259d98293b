import { medianOf } from './median.ts'
import { present } from './present.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface RobustScale {
  median: number
  /** 1.4826 × the median distance to the median: the deviation, for normal values; where that is 0, 1.2533 × the mean distance */
  scale: number
}

const TO_DEVIATION = 1.482602218505602
const MEAN_TO_DEVIATION = 1.2533141373155001

/** Median and scale of a column (Iglewicz & Hoaglin 1993), NaN left out. Needs two rows. */
export function robustScale(values: readonly number[]): Measured<RobustScale> {
  const kept = present(values)
  if (kept.length < 2) return tooFewSamples('rows', 2, kept.length)
  const median = medianOf(kept)
  const distances = kept.map((x) => Math.abs(x - median))
  const middle = TO_DEVIATION * medianOf(distances)
  const scale = middle > 0 ? middle : (MEAN_TO_DEVIATION * distances.reduce((a, b) => a + b, 0)) / kept.length
  return { ok: true, median, scale }
}

/** (x − median) / scale; beyond ± 3.5 is called an outlier. In a constant column every other value is infinitely far. */
export const robustZ = ({ median, scale }: RobustScale, x: number): number =>
  scale > 0 ? (x - median) / scale : x === median ? 0 : (x - median) * Infinity
