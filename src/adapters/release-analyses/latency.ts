import { z } from 'zod'
import { defineReleaseAnalysis } from '../../contracts/release-analysis.ts'
import { confidenceSequence } from '../../statistics/confidence-sequence.ts'
import { latencyBucket, latencyQuantile } from '../../statistics/latency-histogram.ts'

export default defineReleaseAnalysis({
  kind: 'latency',
  title: 'Latency',
  definition:
    "Share of model calls slower than a multiple of the present revision's p95, against its own share, with a confidence sequence",
  settings: z.object({
    /** a call is slow from this many times the present revision's p95 … */
    factor: z.number().gt(1).default(3),
    /** … and at least this many milliseconds */
    floor: z.number().min(0).default(10),
    /** share of slow calls that may come on top */
    tolerance: z.number().min(0).max(1).default(0.05),
    alpha: z.number().gt(0).lt(1).default(0.01),
  }),
  judge({ candidate, baseline }, { factor, floor, tolerance, alpha }) {
    const own = latencyQuantile(candidate.latency, 0.95)
    const present = latencyQuantile(baseline.latency, 0.95)
    const evidence = { candidate_p95_ms: milliseconds(own), baseline_p95_ms: milliseconds(present) }
    if (own === null || present === null) return { verdict: 'wait', reason: 'no prediction to compare yet', evidence }
    const limit = latencyBucket(Math.max(present * factor, floor * 1000))
    const slow = (histogram: Record<number, number>) => {
      let n = 0
      let sum = 0
      for (const [bucket, count] of Object.entries(histogram)) {
        n += count
        if (Number(bucket) > limit) sum += count
      }
      return { n, sum, sumSquares: sum }
    }
    const [a, b] = [slow(baseline.latency), slow(candidate.latency)]
    const shares = { ...evidence, slow: b.sum / b.n, baseline_slow: a.sum / a.n }
    const sequence = confidenceSequence(a, b, { alpha, effect: tolerance, minimum: 50 })
    if (!sequence.ok) {
      // few calls, as of clients that send large batches: only what is beyond doubt counts
      if (b.n >= few && b.sum === b.n && a.sum < a.n / 2)
        return {
          verdict: 'fail',
          reason: `all of its ${b.n} calls are slow: p95 ${text(own)} ms against ${text(present)} ms`,
          evidence: shares,
        }
      if (b.n < few) return { verdict: 'wait', reason: `${b.n} of ${few} calls`, evidence: shares }
      return {
        verdict: 'pass',
        reason: `p95 ${text(own)} ms over ${b.n} calls, the present revision's ${text(present)} ms`,
        evidence: shares,
      }
    }
    const shown = { ...shares, low: sequence.low, high: sequence.high }
    if (sequence.low > tolerance)
      return {
        verdict: 'fail',
        reason: `p95 ${text(own)} ms against ${text(present)} ms; ${(100 * shares.slow).toFixed(1)} % of its calls are slow`,
        evidence: shown,
      }
    return {
      verdict: 'pass',
      reason: `p95 ${text(own)} ms, the present revision's ${text(present)} ms`,
      evidence: shown,
    }
  },
})

/** calls before anything is said */
const few = 3

const milliseconds = (microseconds: number | null) => (microseconds === null ? null : microseconds / 1000)
const text = (microseconds: number) => (microseconds / 1000).toPrecision(2)
