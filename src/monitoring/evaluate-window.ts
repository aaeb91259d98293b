import type { DriftMetric, FeatureType } from '../contracts/drift-metric.ts'
import type {
  MonitorKind,
  MonitorScore,
  MonitorSettings,
  ReferenceView,
  WindowView,
} from '../contracts/monitor-kind.ts'
import { benjaminiHochberg } from '../statistics/benjamini-hochberg.ts'
import type { EndpointMonitorSettings } from './monitor-settings.ts'

export interface FamilyScores {
  family: string
  scores: MonitorScore[]
}

export interface Watchers {
  kinds: readonly MonitorKind[]
  metrics: readonly DriftMetric[]
}

const metricFor = (metrics: readonly DriftMetric[], name: string, type: FeatureType) =>
  metrics.find((metric) => metric.name === name && metric.types.includes(type)) ??
  metrics.find((metric) => metric.types.includes(type))!

/** The settings of one family. */
export function settingsFor(
  kind: MonitorKind,
  { metrics }: Watchers,
  settings: EndpointMonitorSettings,
): MonitorSettings {
  return {
    alpha: settings.alpha[kind.family] ?? kind.alpha,
    minRows: settings.min_rows,
    minGroup: settings.min_group,
    metrics: {
      numeric: metricFor(metrics, settings.drift_metric.numeric, 'numeric'),
      categorical: metricFor(metrics, settings.drift_metric.categorical, 'categorical'),
      vector: metricFor(metrics, settings.drift_metric.vector, 'vector'),
    },
    metricsByFeature: Object.fromEntries(
      Object.entries(settings.drift_metric.by_feature).flatMap(([feature, name]) => {
        const metric = metrics.find((one) => one.name === name)
        return metric ? [[feature, metric]] : []
      }),
    ),
    ...(settings.features ? { features: settings.features } : {}),
    limits: settings.limits,
  }
}

/**
 * Within a family the tests that have a p-value are judged together: Benjamini–Hochberg at the family's alpha makes a
 * `watch` a `violation`, or leaves it.
 */
export function judgeFamily(scores: readonly MonitorScore[], alpha: number): MonitorScore[] {
  const { rejected } = benjaminiHochberg(
    scores.map((score) => score.p ?? Number.NaN),
    alpha,
  )
  return scores.map((score, i) => (rejected[i] && score.state === 'watch' ? { ...score, state: 'violation' } : score))
}

/** Every monitor's verdict on one window of one revision. A kind that throws gives `failed` scores: it is not healthy. */
export function evaluateWindow(
  window: WindowView,
  reference: ReferenceView | undefined,
  settings: EndpointMonitorSettings,
  watchers: Watchers,
): FamilyScores[] {
  return watchers.kinds
    .filter((kind) => !settings.off.includes(kind.family))
    .map((kind) => {
      const own = settingsFor(kind, watchers, settings)
      try {
        return { family: kind.family, scores: judgeFamily(kind.evaluate(window, reference, own), own.alpha) }
      } catch (error) {
        return { family: kind.family, scores: kind.monitors.map(({ name }) => failedScore(name, error)) }
      }
    })
}

const failedScore = (monitor: string, error: unknown): MonitorScore => ({
  monitor,
  feature: '',
  segment: '',
  value: null,
  low: null,
  high: null,
  samples: 0,
  thresholdLow: null,
  thresholdHigh: null,
  state: 'failed',
  p: null,
  definition: { failed: error instanceof Error ? error.message : String(error) },
})
