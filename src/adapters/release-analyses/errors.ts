import { z } from 'zod'
import { defineReleaseAnalysis, type RevisionEvidence } from '../../contracts/release-analysis.ts'
import { confidenceSequence } from '../../statistics/confidence-sequence.ts'

const moments = ({ predictions, errors }: RevisionEvidence) => ({
  n: predictions + errors,
  sum: errors,
  sumSquares: errors,
})
const share = (evidence: RevisionEvidence) =>
  evidence.predictions + evidence.errors === 0 ? 0 : evidence.errors / (evidence.predictions + evidence.errors)

export default defineReleaseAnalysis({
  kind: 'errors',
  title: 'Errors',
  definition:
    'Difference of the shares of failed predictions, with a confidence sequence (mixture SPRT) that is valid at every look',
  settings: z.object({
    /** by how much the share may be higher */
    tolerance: z.number().min(0).max(1).default(0.01),
    alpha: z.number().gt(0).lt(1).default(0.01),
    minimum: z.number().int().positive().default(20),
  }),
  judge({ candidate, baseline }, { tolerance, alpha, minimum }) {
    const evidence = {
      candidate: share(candidate),
      baseline: share(baseline),
      failed: candidate.errors,
      predictions: candidate.predictions,
    }
    const asked = candidate.predictions + candidate.errors
    if (asked === 0) return { verdict: 'wait', reason: 'no prediction yet', evidence }
    if (candidate.errors >= 5 && candidate.errors === asked)
      return { verdict: 'fail', reason: `all of its ${asked} predictions failed`, evidence }
    const sequence = confidenceSequence(moments(baseline), moments(candidate), {
      alpha,
      effect: Math.max(tolerance, 0.005),
      minimum,
    })
    if (!sequence.ok) {
      if (candidate.errors === 0 && asked >= minimum)
        return { verdict: 'pass', reason: `none of ${asked} predictions failed`, evidence }
      return {
        verdict: 'wait',
        reason: `${Math.min(asked, sequence.had)} of ${sequence.needed} ${sequence.of}`,
        evidence,
      }
    }
    const shown = { ...evidence, low: sequence.low, high: sequence.high }
    if (sequence.low > tolerance)
      return {
        verdict: 'fail',
        reason: `${percent(evidence.candidate)} of its predictions failed, ${percent(evidence.baseline)} of the present revision's`,
        evidence: shown,
      }
    return { verdict: 'pass', reason: `${percent(evidence.candidate)} of ${asked} predictions failed`, evidence: shown }
  },
})

const percent = (value: number) => `${(100 * value).toFixed(2)} %`
