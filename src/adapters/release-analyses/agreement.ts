import { z } from 'zod'
import { defineReleaseAnalysis } from '../../contracts/release-analysis.ts'
import { varianceOf } from '../../statistics/moments.ts'

export default defineReleaseAnalysis({
  kind: 'agreement',
  title: 'Agreement',
  definition:
    "Scores are finite, not all the same, not correlated negatively with the present revision's on the same rows, and their mean is no further from its than the limit, beyond the standard error",
  settings: z.object({
    /** largest difference of the mean scores: of probabilities, or in standard deviations of the present revision's values */
    shift: z.number().positive().default(0.25),
    minimum: z.number().int().positive().default(50),
  }),
  judge({ stage, candidate, baseline, difference, skipped }, { shift, minimum }) {
    const probabilities = baseline.bins.length > 0 || candidate.bins.length > 0
    const { n } = candidate.score
    const evidence: Record<string, number | boolean | null> = {
      scores: n,
      predictions: candidate.predictions,
      skipped,
      paired: difference.n,
    }
    if (n < minimum && candidate.predictions < minimum)
      return { verdict: 'wait', reason: `${candidate.predictions} of ${minimum} predictions`, evidence }
    if (n < 0.99 * candidate.predictions)
      return {
        verdict: 'fail',
        reason: `${candidate.predictions - n} of ${candidate.predictions} scores are no finite number`,
        evidence,
      }
    const spread = Math.sqrt(varianceOf(candidate.score))
    const present = baseline.score.n > 1 ? Math.sqrt(varianceOf(baseline.score)) : Number.NaN
    const mean = candidate.score.sum / n
    Object.assign(evidence, {
      mean,
      deviation: spread,
      baseline_mean: baseline.score.n > 0 ? baseline.score.sum / baseline.score.n : null,
    })
    if (present > 1e-6 && spread < present / 1000)
      return { verdict: 'fail', reason: `all its scores are ${mean.toPrecision(3)}, whatever the row`, evidence }
    const paired = difference.n >= minimum
    if (!paired && baseline.score.n < minimum)
      return {
        verdict: 'wait',
        reason: `${baseline.score.n} of ${minimum} predictions of the present revision`,
        evidence,
      }
    const moved = paired ? difference.sum / difference.n : mean - baseline.score.sum / baseline.score.n
    const error = paired
      ? Math.sqrt(varianceOf(difference) / difference.n)
      : Math.sqrt(spread ** 2 / n + present ** 2 / baseline.score.n)
    const unit = probabilities || !(present > 0) ? 1 : present
    Object.assign(evidence, { shift: moved / unit, standard_error: error / unit })
    // Var(a − b) = Var a + Var b − 2 Cov: how the two agree on the rows that both have seen
    const correlation =
      paired && stage === 'shadow' && present > 0 && spread > 0
        ? Math.max(-1, Math.min(1, (spread ** 2 + present ** 2 - varianceOf(difference)) / (2 * spread * present)))
        : null
    evidence.correlation = correlation
    if (correlation !== null && Math.atanh(Math.max(-0.999, correlation)) * Math.sqrt(difference.n - 3) < -4)
      return {
        verdict: 'fail',
        reason: `it ranks rows the other way round: its scores correlate by ${correlation.toFixed(2)} with the present revision's`,
        evidence,
      }
    // four standard errors: it is looked at many times
    if ((Math.abs(moved) - 4 * error) / unit > shift)
      return {
        verdict: 'fail',
        reason: `its mean score is ${signed(moved)} away from the present revision's`,
        evidence,
      }
    return {
      verdict: 'pass',
      reason: `its mean score is ${signed(moved)} from the present revision's${paired ? ' on the same rows' : ''}`,
      evidence,
    }
  },
})

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toPrecision(2)}`
