import { type LatencyHistogram, latencyBucket } from '../statistics/latency-histogram.ts'
import type { Moments } from '../statistics/moments.ts'

/** What was counted of a revision in one role. Everything only rises, so that a span is a difference of two. */
export interface RoleCounters {
  predictions: number
  /** predictions that failed by the model's or Kedge's fault */
  errors: number
  /** calls of the model that succeeded and that failed; the rows of one call are not independent of each other */
  calls: number
  failedCalls: number
  /** time of each call of the model, not of the network */
  latency: LatencyHistogram
  score: Moments
  /** predictions by score, in 20 equal bins of 0 to 1; empty for regression */
  bins: number[]
  /** time of all calls of the model together, in microseconds */
  busy: number
}

export interface RevisionCounters {
  live: RoleCounters
  shadow: RoleCounters
  /** score in shadow minus the score that the caller got, for the same rows */
  difference: Moments
  /** shadow predictions that were left out because too many waited */
  skipped: number
  /** predictions that were answered, but could not be recorded */
  unrecorded: number
  /** predictions that were not answered, because they could not be recorded */
  refused: number
  /** predictions that the model was not asked for: too many at once, too late, or their caller had gone */
  shed: number
  /** processor time of the inference process, as far as it worked for the revision, and of its model's own processes, in microseconds */
  cpu: number
}

const bins = 20
const noRole = (): RoleCounters => ({
  predictions: 0,
  errors: 0,
  calls: 0,
  failedCalls: 0,
  latency: {},
  score: { n: 0, sum: 0, sumSquares: 0 },
  bins: [],
  busy: 0,
})

/** Counters of a revision that has answered nothing. */
export const noCounters = (): RevisionCounters => ({
  live: noRole(),
  shadow: noRole(),
  difference: { n: 0, sum: 0, sumSquares: 0 },
  skipped: 0,
  unrecorded: 0,
  refused: 0,
  shed: 0,
  cpu: 0,
})

/**
 * Adds one call of `scores.length` predictions to the counters in place. `busy` is its part of the model's time, where others
 * were answered with it; without `microseconds` its time says nothing of what a call takes.
 */
export function countScores(
  role: RoleCounters,
  scores: ArrayLike<number>,
  microseconds: number | undefined,
  binary: boolean,
  busy = microseconds ?? 0,
): void {
  const n = scores.length
  role.predictions += n
  role.calls++
  role.busy += busy
  if (microseconds !== undefined) {
    const bucket = latencyBucket(microseconds)
    role.latency[bucket] = (role.latency[bucket] ?? 0) + 1
  }
  for (let i = 0; i < n; i++) {
    const score = scores[i]!
    if (!Number.isFinite(score)) continue
    addTo(role.score, score)
    if (!binary) continue
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(score * bins)))
    while (role.bins.length <= bin) role.bins.push(0)
    role.bins[bin]!++
  }
}

/** Adds one call that failed. */
export function countFailure(role: RoleCounters, rows: number): void {
  role.errors += rows
  role.failedCalls++
}

/** Counts one value, in place. */
export function addTo(moments: Moments, value: number): void {
  moments.n++
  moments.sum += value
  moments.sumSquares += value * value
}

const combineMoments = (a: Moments, b: Moments, sign: number): Moments => ({
  n: a.n + sign * b.n,
  sum: a.sum + sign * b.sum,
  sumSquares: a.sumSquares + sign * b.sumSquares,
})

function combineRole(a: RoleCounters, b: RoleCounters, sign: number): RoleCounters {
  const latency: LatencyHistogram = { ...a.latency }
  for (const [bucket, count] of Object.entries(b.latency))
    latency[Number(bucket)] = (latency[Number(bucket)] ?? 0) + sign * count
  return {
    predictions: a.predictions + sign * b.predictions,
    errors: a.errors + sign * b.errors,
    calls: a.calls + sign * b.calls,
    failedCalls: a.failedCalls + sign * b.failedCalls,
    latency,
    score: combineMoments(a.score, b.score, sign),
    bins: Array.from(
      { length: Math.max(a.bins.length, b.bins.length) },
      (_, i) => (a.bins[i] ?? 0) + sign * (b.bins[i] ?? 0),
    ),
    busy: (a.busy ?? 0) + sign * (b.busy ?? 0),
  }
}

function combine(a: RevisionCounters, b: RevisionCounters, sign: number): RevisionCounters {
  return {
    live: combineRole(a.live, b.live, sign),
    shadow: combineRole(a.shadow, b.shadow, sign),
    difference: combineMoments(a.difference, b.difference, sign),
    skipped: a.skipped + sign * b.skipped,
    // counters of an older version do not have them
    unrecorded: (a.unrecorded ?? 0) + sign * (b.unrecorded ?? 0),
    refused: (a.refused ?? 0) + sign * (b.refused ?? 0),
    shed: (a.shed ?? 0) + sign * (b.shed ?? 0),
    cpu: (a.cpu ?? 0) + sign * (b.cpu ?? 0),
  }
}

/** Both together. */
export const addCounters = (a: RevisionCounters, b: RevisionCounters): RevisionCounters => combine(a, b, 1)
/** What came to `before` until `after`. */
export const countersSince = (before: RevisionCounters, after: RevisionCounters): RevisionCounters =>
  combine(after, before, -1)
/** Both roles as one. */
export const bothRoles = (counters: RevisionCounters): RoleCounters => combineRole(counters.live, counters.shadow, 1)
