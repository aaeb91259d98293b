import { z } from 'zod'
import { defineReleaseAnalysis } from '../../contracts/release-analysis.ts'

export default defineReleaseAnalysis({
  kind: 'performance',
  title: 'Performance',
  definition:
    'Difference of the losses on the same rows whose truth has come, with a confidence sequence (normal mixture) that is valid at every look',
  settings: z.object({
    /** loss that may come on top */
    tolerance: z.number().min(0).default(0.01),
    alpha: z.number().gt(0).lt(1).default(0.05),
    /** rows with their truth before it says anything */
    minimum: z.number().int().positive().default(100),
    /** wait for the truth; otherwise the release goes on without it */
    required: z.boolean().default(false),
  }),
  judge({ loss }, { tolerance, alpha, minimum, required }) {
    const rows = loss?.rows ?? 0
    const evidence = { rows, metric: loss?.metric ?? null, difference: loss?.difference ?? null, tolerance }
    if (!loss || rows < minimum)
      return {
        verdict: required ? 'wait' : 'pass',
        reason:
          rows === 0 ? 'no truth has come yet' : `the truth of ${rows} rows has come, ${minimum} are needed to judge`,
        evidence,
      }
    const variance = loss.standardError ** 2
    const mixing = Math.max(tolerance, 1e-3) ** 2
    const half =
      variance === 0
        ? 0
        : Math.sqrt(variance * (1 + variance / mixing) * Math.log((1 + mixing / variance) / alpha ** 2))
    const shown = { ...evidence, low: loss.difference - half, high: loss.difference + half }
    const reason = `${loss.metric} ${loss.difference < 0 ? '' : '+'}${loss.difference.toFixed(4)} [${shown.low.toFixed(4)}, ${shown.high.toFixed(4)}] on ${rows} rows`
    return { verdict: shown.low > tolerance ? 'fail' : 'pass', reason, evidence: shown }
  },
})
