import {
  defineMonitorKind,
  type MonitorScore,
  type MonitorSettings,
  type ReferenceView,
  type WindowView,
} from '../../contracts/monitor-kind.ts'
import { compareGroups, type GroupCounts, type GroupRate, groupProportion } from '../../statistics/fairness.ts'
import { seededRandom } from '../../statistics/seeded-random.ts'
import { simulateRange } from '../../statistics/simulate-range.ts'
import type { Slice } from '../../statistics/slice.ts'

interface Metric {
  name: string
  title: string
  formula: string
  rate: GroupRate
  needsActuals: boolean
}

const metrics: Metric[] = [
  {
    name: 'demographic_parity',
    title: 'Demographic parity difference',
    formula: 'largest − smallest share predicted positive over the groups',
    rate: 'selection',
    needsActuals: false,
  },
  {
    name: 'equal_opportunity',
    title: 'Equal opportunity difference',
    formula: 'largest − smallest true-positive rate over the groups',
    rate: 'true_positive',
    needsActuals: true,
  },
]

/** Groups smaller than this are left out and named. */
const SMALLEST_GROUP = 30
const DRAWS = 2000

const groupsOf = (slice: Slice, feature: string) =>
  new Map([...slice.groups].filter(([name]) => name.startsWith(`${feature}=`)))

/** How much more the groups' rates vary from day to day than coins would: Pearson's χ² / degrees of freedom, at least 1. */
function dispersion(rate: GroupRate, groups: readonly string[], reference: ReferenceView): number {
  let squares = 0
  let cells = 0
  for (const group of groups) {
    const whole = groupProportion(rate, reference.whole.groups.get(group)!)
    const p = whole.successes / whole.n
    const days = reference.days.flatMap((day) => {
      const found = day.groups.get(group)
      return found ? [groupProportion(rate, found)] : []
    })
    if (p <= 0 || p >= 1 || days.length < 2) continue
    for (const { successes, n } of days) if (n > 0) squares += (successes - n * p) ** 2 / (n * p * (1 - p))
    cells += days.length - 1
  }
  return cells > 0 ? Math.max(1, squares / cells) : 1
}

function score(
  metric: Metric,
  feature: string,
  window: WindowView,
  reference: ReferenceView | undefined,
  settings: MonitorSettings,
): MonitorScore {
  const monitor = `bias.${metric.name}`
  const groups: ReadonlyMap<string, GroupCounts> = groupsOf(window.slice, feature)
  const found = compareGroups(groups, metric.rate, SMALLEST_GROUP)
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
  const known = found.groups.filter(({ group }) => {
    const counts = reference?.whole.groups.get(group)
    return counts && groupProportion(metric.rate, counts).n >= SMALLEST_GROUP
  })
  if (!reference || known.length < found.groups.length)
    return { ...base, value, state: 'no_reference', definition: shown }
  const extra = dispersion(
    metric.rate,
    known.map(({ group }) => group),
    reference,
  )
  const rates = known.map(({ group, n }) => {
    const counts = groupProportion(metric.rate, reference.whole.groups.get(group)!)
    const p = counts.successes / counts.n
    return { rate: p, error: Math.sqrt(extra * p * (1 - p) * (1 / n + 1 / counts.n)) }
  })
  const { limit, p } = simulateRange(rates, settings.alpha, value, seededRandom(window.end / 1000), DRAWS)
  return {
    ...base,
    value,
    thresholdHigh: limit,
    p,
    state: value > limit ? 'watch' : 'ok',
    definition: {
      ...shown,
      reference: reference.scope,
      threshold: {
        method: 'simulated from the rates of the reference’s groups and the sizes of the window’s',
        alpha: settings.alpha,
        draws: DRAWS,
        dispersion: extra,
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
