// Over 300 lines: every measure of groups shares how its limit is simulated.
import { byFixedLimit } from '../../contracts/fixed-limit.ts'
import {
  defineMonitorKind,
  type MonitorScore,
  type MonitorSettings,
  type ReferenceView,
  type WindowView,
} from '../../contracts/monitor-kind.ts'
import { groupImbalance } from '../../statistics/group-imbalance.ts'
import {
  calibrationDifference,
  calibrationGap,
  type GroupMetric,
  groupDifference,
  groupMetrics,
  groupsByAttribute,
} from '../../statistics/group-metrics.ts'
import { groupRates, type RateName } from '../../statistics/group-rates.ts'
import { createMemory } from '../../statistics/memory.ts'
import { seededRandom } from '../../statistics/seeded-random.ts'
import { simulateRange } from '../../statistics/simulate-range.ts'
import type { Group } from '../../statistics/slice.ts'

const DRAWS = 2000
/** A difference that few draws reach is judged by more of them: families of many tests need small p-values. */
const MORE_DRAWS = 20_000

type Groups = ReadonlyMap<string, Group>

const dispersions = createMemory<ReferenceView, number>()

/** How much more the groups' rates vary from day to day than coins would: Pearson's χ² / degrees of freedom, at least 1. */
const dispersion = (rate: RateName, groups: readonly string[], reference: ReferenceView): number =>
  dispersions(reference, JSON.stringify([rate, groups]), () => {
    let squares = 0
    let cells = 0
    for (const group of groups) {
      const whole = groupRates[rate](reference.whole.groups.get(group)!)
      const p = whole.successes / whole.n
      const days = reference.days.flatMap((day) => {
        const found = day.groups.get(group)
        return found ? [groupRates[rate](found)] : []
      })
      if (!(p > 0 && p < 1) || days.length < 2) continue
      for (const { successes, n } of days) if (n > 0) squares += (successes - n * p) ** 2 / (n * p * (1 - p))
      cells += days.length - 1
    }
    return cells > 0 ? Math.max(1, squares / cells) : 1
  })

interface Judgement {
  limit: number
  p: number
  dispersion: number
}

/** What the difference is while every group keeps the rate that it has in the reference. */
function judge(
  rates: readonly { rate: number; error: number }[],
  value: number,
  window: WindowView,
  alpha: number,
): { limit: number; p: number } {
  const seed = window.end / 1000
  const found = simulateRange(rates, alpha, value, seededRandom(seed), DRAWS)
  return found.p > alpha ? found : simulateRange(rates, alpha, value, seededRandom(seed), MORE_DRAWS)
}

function judgeRate(
  rate: RateName,
  value: number,
  groups: Groups,
  window: WindowView,
  reference: ReferenceView,
  { alpha, minGroup }: { alpha: number; minGroup: number },
): Judgement | undefined {
  const large = [...groups].filter(([, counts]) => groupRates[rate](counts).n >= minGroup)
  const known = large.filter(([group]) => {
    const counts = reference.whole.groups.get(group)
    return counts && groupRates[rate](counts).n >= minGroup
  })
  if (known.length < large.length) return undefined
  const extra = dispersion(
    rate,
    known.map(([group]) => group),
    reference,
  )
  const rates = known.map(([group, counts]) => {
    const then = groupRates[rate](reference.whole.groups.get(group)!)
    const p = then.successes / then.n
    return { rate: p, error: Math.sqrt(extra * p * (1 - p) * (1 / groupRates[rate](counts).n + 1 / then.n)) }
  })
  return { ...judge(rates, value, window, alpha), dispersion: extra }
}

const rateMetrics = groupMetrics.map((metric) => ({
  ...metric,
  // of two rates the family judges each by itself
  judged: metric.rates.length === 1,
}))

interface Context {
  attribute: string
  groups: Groups
  window: WindowView
  reference: ReferenceView | undefined
  settings: MonitorSettings
}

function base({ attribute, window }: Context, name: string) {
  return {
    monitor: `bias.${name}`,
    feature: attribute,
    segment: '',
    low: null,
    high: null,
    thresholdLow: null,
    thresholdHigh: null,
    p: null,
    samples: window.slice.rows,
  }
}

/** The score with its limit, wherever the limit comes from. */
function limited(
  { reference, settings }: Context,
  score: Omit<MonitorScore, 'state'> & { value: number },
  judged: Judgement | 'unknown' | 'explains',
): MonitorScore {
  const fixed = byFixedLimit(score, settings)
  if (fixed) return fixed
  if (judged === 'explains') return { ...score, state: 'ok' }
  if (judged === 'unknown') return { ...score, state: 'no_reference' }
  return {
    ...score,
    thresholdHigh: judged.limit,
    p: judged.p,
    state: score.value > judged.limit ? 'watch' : 'ok',
    definition: {
      ...score.definition,
      reference: reference?.scope,
      threshold: {
        method: 'simulated from the rates of the reference’s groups and the sizes of the window’s',
        alpha: settings.alpha,
        draws: judged.p > settings.alpha ? DRAWS : MORE_DRAWS,
        dispersion: judged.dispersion,
      },
    },
  }
}

function scoreRates(context: Context, metric: GroupMetric & { judged: boolean }): MonitorScore {
  const { attribute, groups, window, reference, settings } = context
  const minGroup = settings.minGroup ?? 30
  const definition: Record<string, unknown> = {
    metric: metric.name,
    formula: metric.formula,
    by: attribute,
    smallestGroup: minGroup,
    confidence: 0.95,
  }
  const found = groupDifference(metric, groups, minGroup)
  if (!found.ok)
    return {
      ...base(context, metric.name),
      value: null,
      state: 'too_few_samples',
      definition: { ...definition, needed: found.needed, of: found.of },
    }
  const { value, low, high, ratio, lowest, highest, rate, tooSmall } = found
  const rates = [...groups].flatMap(([group, counts]) => {
    const { successes, n } = groupRates[rate](counts)
    return n >= minGroup ? [{ group, rate: successes / n, n }] : []
  })
  return limited(
    context,
    {
      ...base(context, metric.name),
      value,
      low,
      high,
      definition: { ...definition, rate, ratio, lowest, highest, groups: rates, tooSmall },
    },
    metric.judged
      ? ((reference && judgeRate(rate, value, groups, window, reference, { alpha: settings.alpha, minGroup })) ??
          'unknown')
      : 'explains',
  )
}

/** The smallest group's share of positives over the largest: below 0.8 breaks the four-fifths rule. */
function scoreImpact(context: Context): MonitorScore[] {
  const found = groupDifference({ rates: ['selection'] }, context.groups, context.settings.minGroup ?? 30)
  if (!found.ok) return []
  const definition = {
    metric: 'disparate_impact',
    formula:
      'smallest / largest share predicted positive over the groups; judged as their difference, or by a fixed lower limit',
    by: context.attribute,
    lowest: found.lowest,
    highest: found.highest,
  }
  return [limited(context, { ...base(context, 'disparate_impact'), value: found.ratio, definition }, 'explains')]
}

function scoreCalibration(context: Context): MonitorScore[] {
  const { attribute, groups, window, reference, settings } = context
  const minGroup = settings.minGroup ?? 30
  const found = calibrationDifference(groups, minGroup)
  if (!found.ok) return []
  const { value, low, high, lowest, highest, tooSmall, errors } = found
  const before = [...errors].map(([group, error]) => {
    const then = reference?.whole.groups.get(group)
    const gap = then && calibrationGap(then, minGroup)
    if (!then || !gap?.ok) return undefined
    const ofReference = (gap.high - gap.low) / 2 / 1.96
    // the groups' outcomes vary from day to day by more than coins
    const extra = reference ? dispersion('base', [group], reference) : 1
    // half is added because what is simulated are shares
    return { rate: 0.5 + gap.value, error: Math.sqrt(extra * (ofReference ** 2 + error ** 2)) }
  })
  const rates = before.filter((rate) => rate !== undefined)
  return [
    limited(
      context,
      {
        ...base(context, 'calibration'),
        value,
        low,
        high,
        definition: {
          metric: 'calibration',
          formula: 'largest − smallest of the groups’ mean actual − mean score',
          by: attribute,
          smallestGroup: minGroup,
          lowest,
          highest,
          tooSmall,
        },
      },
      rates.length === before.length ? { ...judge(rates, value, window, settings.alpha), dispersion: 1 } : 'unknown',
    ),
  ]
}

/** How far the groups' sizes, and the labels within them, are from equal; limits only where the settings fix them. */
function scoreImbalance(context: Context): MonitorScore[] {
  const { attribute, groups, reference } = context
  const formula = 'total variation to equal shares, ½ Σ |p − 1/k|'
  const sizes = groupImbalance([...groups.values()].map((group) => group.n))
  const before = groupImbalance([...groups.keys()].map((group) => reference?.whole.groups.get(group)?.n ?? 0))
  const ofReference = before.ok ? { ofReference: before.value } : {}
  const labels = [...groups].flatMap(([group, { positives, negatives }]) => {
    const found = groupImbalance([positives, negatives])
    return found.ok && positives + negatives >= (context.settings.minGroup ?? 30) ? [{ group, value: found.value }] : []
  })
  const worst = labels.reduce((a, b) => (b.value > a.value ? b : a), labels[0] ?? { group: '', value: 0 })
  return [
    ...(sizes.ok
      ? [
          limited(
            context,
            {
              ...base(context, 'group_imbalance'),
              value: sizes.value,
              definition: {
                metric: 'group_imbalance',
                formula: `${formula} of rows over the groups`,
                by: attribute,
                evenness: sizes.evenness,
                ...ofReference,
              },
            },
            'explains',
          ),
        ]
      : []),
    ...(labels.length > 0
      ? [
          limited(
            context,
            {
              ...base(context, 'label_imbalance'),
              value: worst.value,
              definition: {
                metric: 'label_imbalance',
                formula: `${formula} of the actuals within the most uneven group`,
                by: attribute,
                highest: worst.group,
              },
            },
            'explains',
          ),
        ]
      : []),
  ]
}

export default defineMonitorKind({
  family: 'bias',
  title: 'Bias',
  description:
    'Differences of the model’s decisions and errors between groups and their intersections, against what they are on the reference',
  alpha: 0.01,
  monitors: [
    ...rateMetrics.map(({ name, title }) => ({ name: `bias.${name}`, title, unit: '' })),
    { name: 'bias.disparate_impact', title: 'Disparate impact', unit: 'ratio' },
    { name: 'bias.calibration', title: 'Calibration within groups', unit: '' },
    { name: 'bias.group_imbalance', title: 'Imbalance of groups', unit: '' },
    { name: 'bias.label_imbalance', title: 'Imbalance of labels within groups', unit: '' },
  ],
  evaluate(window, reference, settings) {
    if (window.task !== 'binary') return []
    return [...groupsByAttribute(window.slice.groups)].flatMap(([attribute, groups]) => {
      const context: Context = { attribute, groups, window, reference, settings }
      return [
        ...rateMetrics
          .filter((metric) => !metric.needsActuals || window.actualsComplete)
          .map((metric) => scoreRates(context, metric)),
        ...scoreImpact(context),
        ...(window.actualsComplete ? scoreCalibration(context) : []),
        ...scoreImbalance(context),
      ]
    })
  },
})
