import { type Calibration, type CalibrationBins, calibration } from './calibration.ts'
import { normalQuantile, normalTwoSided } from './normal.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface GroupCalibration extends Calibration {
  group: string
  /** share of positives − mean score, its interval and p under "the scores are the chances" (variance mean score·(1 − mean score) by bin) */
  gap: { value: number; low: number; high: number; p: number }
}

/**
 * Calibration within groups (Kleinberg et al. 2016): reliability, ECE and the gap in the large of each group, and the
 * largest difference of gaps between groups. Bins of scores are mergeable; within a bin scores count as their mean,
 * which overstates the variance a little. Groups below `minimum` rows are left out; two are needed.
 */
export function groupCalibration(
  groups: ReadonlyMap<string, CalibrationBins>,
  confidence = 0.95,
  minimum = 30,
): Measured<{ groups: GroupCalibration[]; difference: number; tooSmall: string[] }> {
  const z = normalQuantile((1 + confidence) / 2)
  const tooSmall: string[] = []
  const found: GroupCalibration[] = []
  for (const [group, bins] of groups) {
    const own = calibration(bins, confidence, minimum)
    if (!own.ok) {
      tooSmall.push(group)
      continue
    }
    const value = own.curve.reduce((sum, p) => sum + p.n * (p.share - p.score), 0) / own.n
    const error = Math.sqrt(own.curve.reduce((sum, p) => sum + p.n * Math.max(0, p.score * (1 - p.score)), 0)) / own.n
    const p = error > 0 ? normalTwoSided(value / error) : value === 0 ? 1 : 0
    const { ok: _, ...rest } = own
    found.push({ group, ...rest, gap: { value, low: value - z * error, high: value + z * error, p } })
  }
  if (found.length < 2) return tooFewSamples(`groups of ${minimum} rows`, 2, found.length)
  const gaps = found.map((g) => g.gap.value)
  return { ok: true, groups: found, difference: Math.max(...gaps) - Math.min(...gaps), tooSmall }
}
