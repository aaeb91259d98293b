import {
  defineMonitorKind,
  type MonitorScore,
  type MonitorSettings,
  type ReferenceView,
  type WindowView,
} from '../../contracts/monitor-kind.ts'
import {
  demographicParity,
  equalOpportunity,
  type GroupComparison,
  type GroupCounts,
} from '../../statistics/fairness.ts'
import { mergeSlices, type Slice } from '../../statistics/slice.ts'
import { calibratedP, calibrateRuns, limits } from '../../statistics/threshold.ts'
import type { Measured } from '../../statistics/too-few-samples.ts'

interface Metric {
  name: string
  title: string
  formula: string
  of(groups: ReadonlyMap<string, GroupCounts>, minimum: number): Measured<GroupComparison>
  needsActuals: boolean
}

const metrics: Metric[] = [
  {
    name: 'demographic_parity',
    title: 'Demographic parity difference',
    formula: 'largest − smallest share predicted positive over the groups',
    of: demographicParity,
    needsActuals: false,
  },
  {
    name: 'equal_opportunity',
    title: 'Equal opportunity difference',
    formula: 'largest − smallest true-positive rate over the groups',
    of: equalOpportunity,
    needsActuals: true,
  },
]

/** Groups smaller than this are left out and named. */
const SMALLEST_GROUP = 30

const groupsOf = (slice: Slice, feature: string) =>
  new Map([...slice.groups].filter(([name]) => name.startsWith(`${feature}=`)))

function score(
  metric: Metric,
  feature: string,
  window: WindowView,
  reference: ReferenceView | undefined,
  settings: MonitorSettings,
): MonitorScore {
  const monitor = `bias.${metric.name}`
  const found = metric.of(groupsOf(window.slice, feature), SMALLEST_GROUP)
  const base = {
    monitor,
    feature,
    segment: '',
    low: null,
    high: null,
    thresholdLow: null,
    thresholdHigh: null,
    p: null,
    samples: window.slice.rows,
  }
  const definition: Record<string, unknown> = {
    metric: metric.name,
    formula: metric.formula,
    by: feature,
    smallestGroup: SMALLEST_GROUP,
  }
  if (!found.ok)
    return {
      ...base,
      value: null,
      state: 'too_few_samples',
      definition: { ...definition, needed: found.needed, of: found.of },
    }
  const value = found.difference
  const shown = {
    ...definition,
    ratio: found.ratio,
    lowest: found.lowest,
    highest: found.highest,
    groups: found.groups,
    tooSmall: found.tooSmall,
  }
  const fixed = settings.limits[monitor]?.high
  if (fixed !== undefined)
    return {
      ...base,
      value,
      thresholdHigh: fixed,
      state: value > fixed ? 'violation' : 'ok',
      definition: { ...shown, threshold: { method: 'fixed in the settings' } },
    }
  if (!reference) return { ...base, value, state: 'no_reference', definition: shown }
  const run = Math.max(1, Math.min(window.days, Math.floor(reference.days.length / 3)))
  const values: number[] = []
  for (let i = 0; i + run <= reference.days.length; i++) {
    const of = metric.of(groupsOf(mergeSlices(reference.days.slice(i, i + run)), feature), SMALLEST_GROUP)
    values.push(of.ok ? of.difference : Number.NaN)
  }
  const calibration = calibrateRuns(values, run, reference.days.length)
  if (!calibration.ok) return { ...base, value, state: 'no_reference', definition: shown }
  // a largest difference of noisy rates grows as the groups shrink: √ of the rows, as for distances
  const rows = (reference.whole.rows / Math.max(1, reference.days.length)) * run
  const widen = 1 / Math.sqrt(Math.min(1, window.slice.rows / Math.max(1, rows)))
  const wide = { ...calibration, location: calibration.location * widen, scale: calibration.scale * widen }
  const { high } = limits(wide, settings.alpha, 'above')
  return {
    ...base,
    value,
    thresholdHigh: high,
    p: calibratedP(wide, value, 'above'),
    state: value > high ? 'watch' : 'ok',
    definition: {
      ...shown,
      reference: reference.scope,
      threshold: {
        method: `runs of ${run} days of the reference, t`,
        alpha: settings.alpha,
        df: calibration.df,
        location: wide.location,
        scale: wide.scale,
      },
    },
  }
}

export default defineMonitorKind({
  family: 'bias',
  title: 'Bias',
  description: 'Differences of the model’s decisions between groups, against what they are on the reference',
  alpha: 0.01,
  monitors: metrics.map(({ name, title }) => ({ name: `bias.${name}`, title, unit: '' })),
  evaluate(window, reference, settings) {
    if (window.task !== 'binary') return []
    const features = new Set([...window.slice.groups.keys()].map((name) => name.slice(0, name.indexOf('='))))
    return [...features].flatMap((feature) =>
      metrics
        .filter((metric) => !metric.needsActuals || window.actualsComplete)
        .map((metric) => score(metric, feature, window, reference, settings)),
    )
  },
})
