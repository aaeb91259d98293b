import type { MonitorKind, MonitorScore } from '../contracts/monitor-kind.ts'
import type { FeatureComparison } from '../monitoring/compare-feature.ts'
import { judgeFamily } from '../monitoring/evaluate-window.ts'
import type { EndpointMonitorSettings } from '../monitoring/monitor-settings.ts'
import { type Comparison, type Family, type FamilyState, families } from './comparison.ts'

interface Findings extends Omit<Comparison, 'version' | 'verdict' | 'settings'> {
  kinds: readonly MonitorKind[]
  settings: EndpointMonitorSettings
  /** a distance below it is no violation, however certain it is; fixed limits stay what they are */
  smallest: number
  extra: Record<string, unknown>
}

const rank: Record<string, number> = { violation: 0, watch: 1, ok: 2, too_few_samples: 3, no_reference: 4 }

/** `family` of a score. */
export const familyOf = (score: Pick<MonitorScore, 'monitor'>): string =>
  score.monitor.slice(0, score.monitor.indexOf('.'))

/** How far a score is towards its limit, over it above 1; to order by. */
export function severity({ value, thresholdHigh, thresholdLow }: MonitorScore): number {
  if (value === null) return -1
  if (thresholdHigh !== null && thresholdHigh !== 0) return value / thresholdHigh
  if (thresholdLow !== null && value !== 0) return thresholdLow / value
  return value
}

/** Judges every family as a whole, and puts the worst first. */
export function conclude({ kinds, settings, smallest, extra, ...found }: Findings): Comparison {
  const judged = families.flatMap((family) => {
    const kind = kinds.find((candidate) => candidate.family === family)
    const own = found.scores.filter((score) => familyOf(score) === family)
    return judgeFamily(own, settings.alpha[family] ?? kind?.alpha ?? 0.01).map((score) =>
      soften(score, smallest, settings),
    )
  })
  const scores = judged.sort(
    (a, b) =>
      families.indexOf(familyOf(a) as Family) - families.indexOf(familyOf(b) as Family) ||
      (rank[a.state] ?? 9) - (rank[b.state] ?? 9) ||
      severity(b) - severity(a),
  )
  const place = new Map<string, number>()
  for (const [i, score] of scores.filter((s) => familyOf(s) === 'drift').entries()) place.set(score.feature, i)
  const features = [...found.features].sort(
    (a: FeatureComparison, b: FeatureComparison) =>
      (place.get(a.feature) ?? Infinity) - (place.get(b.feature) ?? Infinity),
  )
  return {
    version: 1,
    ...found,
    scores,
    features,
    verdict: Object.fromEntries(families.map((family) => [family, stateOf(scores, family)])) as Comparison['verdict'],
    settings: {
      alpha: Object.fromEntries(
        families.map((family) => [
          family,
          settings.alpha[family] ?? kinds.find((k) => k.family === family)?.alpha ?? null,
        ]),
      ),
      limits: settings.limits,
      driftMetric: settings.drift_metric,
      minRows: settings.min_rows,
      smallest,
      ...extra,
    },
  }
}

/** With many rows the smallest change is certain; one that is too small to matter is only to be watched. */
function soften(score: MonitorScore, smallest: number, { limits }: EndpointMonitorSettings): MonitorScore {
  const matters = score.monitor !== 'drift.distance' || score.value === null || score.value >= smallest
  if (matters || score.state !== 'violation' || limits[score.monitor]) return score
  return { ...score, state: 'watch', definition: { ...score.definition, smallest } }
}

function stateOf(scores: readonly MonitorScore[], family: Family): FamilyState {
  const states = new Set(scores.filter((score) => familyOf(score) === family).map((score) => score.state))
  return states.has('violation') ? 'violation' : states.has('watch') ? 'watch' : states.has('ok') ? 'ok' : 'unknown'
}
