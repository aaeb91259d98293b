import { z } from 'zod'
import { defineReleaseAnalysis, type RevisionEvidence } from '../../contracts/release-analysis.ts'
import { confidenceSequence } from '../../statistics/confidence-sequence.ts'

const moments = ({ calls, failedCalls }: RevisionEvidence) => ({
  n: calls + failedCalls,
  sum: failedCalls,
  sumSquares: failedCalls,
})
const share = ({ calls, failedCalls }: RevisionEvidence) =>
  calls + failedCalls === 0 ? 0 : failedCalls / (calls + failedCalls)

export default defineReleaseAnalysis({
  kind: 'errors',
  title: 'Errors',
  definition:
    'Difference of the shares of calls of the model that failed, with a confidence sequence (mixture SPRT) that is valid at every look',
  settings: z.object({
    /** by how much the share may be higher */
    tolerance: z.number().min(0).max(1).default(0.01),
    alpha: z.number().gt(0).lt(1).default(0.01),
    /** calls before an interval is computed */
    minimum: z.number().int().positive().default(20),
  }),
  judge({ candidate, baseline }, { tolerance, alpha, minimum }) {
    const calls = candidate.calls + candidate.failedCalls
    const evidence = {
      candidate: share(candidate),
      baseline: share(baseline),
      failed: candidate.failedCalls,
      calls,
      predictions: candidate.predictions,
    }
    if (calls === 0) return { verdict: 'wait', reason: 'no call yet', evidence }
    if (calls >= 3 && candidate.failedCalls === calls)
      return { verdict: 'fail', reason: `all of its ${calls} calls failed`, evidence }
    const sequence = confidenceSequence(moments(baseline), moments(candidate), {
      alpha,
      effect: Math.max(tolerance, 0.005),
      minimum,
    })
    if (!sequence.ok) {
      if (candidate.failedCalls === 0) return { verdict: 'pass', reason: `none of its ${calls} calls failed`, evidence }
      return {
        verdict: 'wait',
        reason: `${candidate.failedCalls} of its ${calls} calls failed; ${sequence.needed} calls are needed to judge`,
        evidence,
      }
    }
    const shown = { ...evidence, low: sequence.low, high: sequence.high }
    if (sequence.low > tolerance)
      return {
        verdict: 'fail',
        reason: `${percent(evidence.candidate)} of its calls failed, ${percent(evidence.baseline)} of the present revision's`,
        evidence: shown,
      }
    return { verdict: 'pass', reason: `${percent(evidence.candidate)} of its ${calls} calls failed`, evidence: shown }
  },
})

const percent = (value: number) => `${(100 * value).toFixed(2)} %`
