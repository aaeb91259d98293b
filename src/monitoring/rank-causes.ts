import type { MonitorScore, ReferenceView, WindowView } from '../contracts/monitor-kind.ts'
import { segmentConditions } from '../statistics/segment-name.ts'
import type { FamilyScores } from './evaluate-window.ts'

export interface Cause {
  kind: 'feature' | 'segment' | 'outcome' | 'score' | 'release' | 'quality'
  what: string
  weight: number
  reason: string
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/** How far a value lies beyond its limit, as a multiple of it. */
const excess = (score: MonitorScore) =>
  score.value === null || score.thresholdHigh === null || score.thresholdHigh <= 0
    ? 0
    : score.value / score.thresholdHigh

/**
 * What most likely lies behind the violations of a window, likeliest first, at most ten: features by how far they moved
 * beyond their limit, the outcome's rate and the segments whose loss grew most by their part of the whole growth, broken
 * data, and a revision that is new in the window.
 */
export function rankCauses(
  window: WindowView,
  reference: ReferenceView | undefined,
  families: readonly FamilyScores[],
  isNewRevision: boolean,
): Cause[] {
  const causes: Cause[] = []
  for (const { family, scores } of families)
    for (const score of scores) {
      const weight = excess(score)
      if (weight <= 0.8 || score.value === null) continue
      if (family === 'drift')
        causes.push({
          kind: score.feature.startsWith('$') ? 'score' : 'feature',
          what: score.feature,
          weight,
          reason: `${score.feature === '$score' ? 'the predictions' : score.feature} moved ${score.value.toPrecision(2)} from the reference (limit ${score.thresholdHigh!.toPrecision(2)})`,
        })
      if (family === 'quality' && score.state === 'violation')
        causes.push({
          kind: 'quality',
          what: score.feature,
          weight: Math.min(weight, 10),
          reason: `${percent(score.value)} of rows: ${String(score.definition.formula).replace('share of rows ', '')}`,
        })
    }
  if (reference) {
    causes.push(...outcome(window, reference), ...segments(window, reference))
  }
  if (isNewRevision)
    causes.push({
      kind: 'release',
      what: `revision ${window.revision}`,
      weight: 1,
      reason: `revision ${window.revision} began to answer within the window`,
    })
  return causes.sort((a, b) => b.weight - a.weight).slice(0, 10)
}

/** The share of positives moved: what the score could not know, or the world's base rate. */
function outcome(window: WindowView, reference: ReferenceView): Cause[] {
  const now = window.slice.performance.binary
  const then = reference.whole.performance.binary
  if (window.task !== 'binary' || now.brier.n < 100 || then.brier.n < 100) return []
  const rate = now.positives / now.brier.n
  const before = then.positives / then.brier.n
  const daily = reference.days
    .filter((d) => d.performance.binary.brier.n > 0)
    .map((d) => d.performance.binary.positives / d.performance.binary.brier.n)
  const spread = Math.sqrt(daily.reduce((s, x) => s + (x - before) ** 2, 0) / Math.max(1, daily.length - 1))
  const weight = Math.abs(rate - before) / Math.max(spread, 1e-6)
  if (weight < 0.8) return []
  const expected = now.scoreSum / now.brier.n
  return [
    {
      kind: 'outcome',
      what: 'actuals',
      weight: Math.min(weight, 10),
      reason: `${percent(rate)} of the actuals are positive, ${percent(before)} in the reference; the scores expected ${percent(expected)}`,
    },
  ]
}

/** Segments by their part of the growth of the loss over the reference's. */
function segments(window: WindowView, reference: ReferenceView): Cause[] {
  const loss = (n: number, sum: number) => (n > 0 ? sum / n : Number.NaN)
  const whole = window.slice.performance.binary.logLoss
  const before = reference.whole.performance.binary.logLoss
  const growth = loss(whole.n, whole.sum) - loss(before.n, before.sum)
  if (!(growth > 0)) return []
  const found: Cause[] = []
  for (const [segment, group] of window.slice.groups) {
    // an intersection says no more than its groups and is smaller
    if (segmentConditions(segment).length > 1) continue
    const now = group.performance.binary.logLoss
    const then = reference.whole.groups.get(segment)?.performance.binary.logLoss
    if (!then || now.n < 50 || then.n < 50) continue
    const own = loss(now.n, now.sum) - loss(then.n, then.sum)
    const share = (own * now.n) / (growth * whole.n)
    // growing no faster than the rest is no explanation
    if (own <= 1.25 * growth || share < 0.02) continue
    found.push({
      kind: 'segment',
      what: segment,
      weight: own / growth,
      reason: `log loss of ${segment} rose by ${own.toPrecision(2)} (all rows: ${growth.toPrecision(2)}); ${percent(share)} of the rise`,
    })
  }
  return found.sort((a, b) => b.weight - a.weight).slice(0, 5)
}
