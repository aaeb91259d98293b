import type { MonitorScore, ScoreState } from '../../contracts/monitor-kind.ts'
import { groupImbalance } from '../../statistics/group-imbalance.ts'
import {
  calibrationDifference,
  calibrationGap,
  groupDifference,
  groupMetrics,
  groupsByAttribute,
} from '../../statistics/group-metrics.ts'
import { groupRates, groupsAgainst, type RateName } from '../../statistics/group-rates.ts'
import { wilsonInterval } from '../../statistics/proportions-test.ts'
import type { Group } from '../../statistics/slice.ts'
import type { Estimate } from '../../statistics/too-few-samples.ts'
import { evaluateWindow, type Watchers } from '../evaluate-window.ts'
import type { EndpointKey } from '../stale.ts'
import { type ViewDependencies, viewWindows } from '../windows/view-windows.ts'
import type { StretchRequest } from './performance-curves.ts'

interface Interval {
  value: number
  low: number
  high: number
}

export interface FairnessGroup {
  group: string
  rows: number
  actuals: number
  rates: Record<string, Estimate | null>
  calibrationGap: Estimate | null
  difference: Record<string, (Interval & { p: number }) | null>
  ratio: Record<string, Interval | null>
}

export interface FairnessMetric {
  name: string
  title: string
  formula: string
  value: number | null
  low: number | null
  high: number | null
  ratio: number | null
  lowest: string | null
  highest: string | null
  reference: number | null
  change: number | null
  thresholdHigh: number | null
  state: ScoreState
  needsActuals: boolean
}

interface Imbalance {
  value: number
  evenness: number
  ratio: number
  reference: number | null
}

export interface FairnessAttribute {
  attribute: string
  privileged: string | null
  groups: FairnessGroup[]
  tooSmall: string[]
  metrics: FairnessMetric[]
  groupImbalance: Imbalance | null
  labelImbalance: { group: string; value: number }[]
}

export interface Fairness {
  revision: number
  start: number
  end: number
  rows: number
  actuals: number
  reference: string | null
  minimum: number
  confidence: number
  attributes: FairnessAttribute[]
}

const MINIMUM = 30
const CONFIDENCE = 0.95
const rateNames = Object.keys(groupRates) as RateName[]
const finite = (x: number) => (Number.isFinite(x) ? x : null)

/** Decisions and errors by group of a stretch: every rate, every measure, against the reference's. */
export async function fairnessView(
  dependencies: ViewDependencies & { watchers: Watchers },
  key: EndpointKey,
  { revision, from, to }: StretchRequest,
  privileged: Readonly<Record<string, string>> = {},
): Promise<Fairness> {
  const hour = 3_600_000
  const day = 24 * hour
  const whole = from % day === 0 && to % day === 0
  const unit = whole ? day : hour
  const end = Math.ceil(to / unit) * unit
  const length = Math.max(unit, end - Math.floor(from / unit) * unit)
  const found = await viewWindows(dependencies, key, {
    revision,
    from: end - unit,
    to: end,
    spec: { kind: 'rolling', length, step: unit },
    against: { kind: 'training' },
  })
  const window = found.windows.at(-1)
  const settings = await dependencies.settings.of(key)
  const kinds = dependencies.watchers.kinds.filter((kind) => kind.family === 'bias')
  const scores = window
    ? evaluateWindow(
        window.view,
        found.training,
        { ...settings, off: [] },
        { ...dependencies.watchers, kinds },
      ).flatMap((f) => f.scores)
    : []
  const groups = groupsByAttribute(window?.view.slice.groups ?? new Map())
  const before = groupsByAttribute(found.training?.whole.groups ?? new Map())
  return {
    revision,
    start: from,
    end: to,
    rows: window?.view.slice.rows ?? 0,
    actuals: window?.view.slice.performance.joined ?? 0,
    reference: found.training?.scope ?? null,
    minimum: MINIMUM,
    confidence: CONFIDENCE,
    attributes: [...groups]
      .map(([attribute, own]) =>
        attributeView(
          attribute,
          own,
          before.get(attribute) ?? new Map(),
          scores.filter((s) => s.feature === attribute),
          privileged[attribute],
        ),
      )
      .sort((a, b) => a.attribute.split(' & ').length - b.attribute.split(' & ').length),
  }
}

function attributeView(
  attribute: string,
  groups: ReadonlyMap<string, Group>,
  before: ReadonlyMap<string, Group>,
  scores: readonly MonitorScore[],
  wanted: string | undefined,
): FairnessAttribute {
  const large = [...groups].filter(([, g]) => g.n >= MINIMUM).sort((a, b) => b[1].n - a[1].n)
  const name = large.find(([group]) => group === wanted)?.[0] ?? large[0]?.[0]
  const against = new Map(
    rateNames.flatMap((rate) => {
      const found = groupsAgainst(groups, rate, {
        minimum: MINIMUM,
        confidence: CONFIDENCE,
        ...(name === undefined ? {} : { privileged: name }),
      })
      return found.ok ? [[rate, new Map(found.groups.map((g) => [g.group, g]))] as const] : []
    }),
  )
  const sizes = groupImbalance([...groups.values()].map((g) => g.n))
  const formerly = groupImbalance([...groups.keys()].map((group) => before.get(group)?.n ?? 0))
  return {
    attribute,
    privileged: name ?? null,
    tooSmall: [...groups].filter(([, g]) => g.n < MINIMUM).map(([group]) => group),
    groups: large.map(([group, counts]): FairnessGroup => {
      const gap = calibrationGap(counts, MINIMUM)
      return {
        group,
        rows: counts.n,
        actuals: counts.positives + counts.negatives,
        rates: Object.fromEntries(
          rateNames.map((rate) => {
            const { successes, n } = groupRates[rate](counts)
            return [rate, n >= MINIMUM ? { value: successes / n, ...wilsonInterval({ successes, n }), n } : null]
          }),
        ),
        calibrationGap: gap.ok ? { value: gap.value, low: gap.low, high: gap.high, n: gap.n } : null,
        difference: Object.fromEntries(
          rateNames.map((rate) => {
            const d = against.get(rate)?.get(group)?.difference
            return [rate, d && Number.isFinite(d.value) ? d : null]
          }),
        ),
        ratio: Object.fromEntries(rateNames.map((rate) => [rate, against.get(rate)?.get(group)?.ratio ?? null])),
      }
    }),
    metrics: metricsOf(groups, before, scores),
    groupImbalance: sizes.ok
      ? {
          value: sizes.value,
          evenness: sizes.evenness,
          ratio: finite(sizes.ratio) ?? 0,
          reference: formerly.ok ? formerly.value : null,
        }
      : null,
    labelImbalance: large.flatMap(([group, g]) => {
      const labels = groupImbalance([g.positives, g.negatives])
      return labels.ok ? [{ group, value: labels.value }] : []
    }),
  }
}

function metricsOf(
  groups: ReadonlyMap<string, Group>,
  before: ReadonlyMap<string, Group>,
  scores: readonly MonitorScore[],
): FairnessMetric[] {
  const judged = (name: string) => {
    const score = scores.find((s) => s.monitor === `bias.${name}`)
    return { thresholdHigh: score?.thresholdHigh ?? null, state: score?.state ?? ('no_reference' as const) }
  }
  const none = { value: null, low: null, high: null, ratio: null, lowest: null, highest: null }
  const rates = groupMetrics.map((metric): FairnessMetric => {
    const now = groupDifference(metric, groups, MINIMUM)
    const then = groupDifference(metric, before, MINIMUM)
    const { name, title, formula, needsActuals } = metric
    return {
      name,
      title,
      formula,
      needsActuals,
      ...(now.ok
        ? {
            value: now.value,
            low: now.low,
            high: now.high,
            ratio: now.ratio,
            lowest: now.lowest,
            highest: now.highest,
          }
        : none),
      reference: then.ok ? then.value : null,
      change: now.ok && then.ok ? now.value - then.value : null,
      ...(now.ok ? judged(name) : { thresholdHigh: null, state: 'too_few_samples' as const }),
    }
  })
  const parity = rates.find((m) => m.name === 'demographic_parity')!
  const impact = groupDifference({ rates: ['selection'] }, before, MINIMUM)
  const gap = calibrationDifference(groups, MINIMUM)
  const formerly = calibrationDifference(before, MINIMUM)
  return [
    ...rates,
    {
      ...parity,
      name: 'disparate_impact',
      title: 'Disparate impact',
      formula: 'smallest / largest share predicted positive over the groups; below 0.8 breaks the four-fifths rule',
      value: parity.ratio,
      low: null,
      high: null,
      reference: impact.ok ? impact.ratio : null,
      change: impact.ok && parity.ratio !== null ? parity.ratio - impact.ratio : null,
      thresholdHigh: null,
      state: parity.value === null ? 'too_few_samples' : judged('disparate_impact').state,
    },
    {
      name: 'calibration',
      title: 'Calibration within groups',
      formula: 'largest − smallest of the groups’ mean actual − mean score',
      needsActuals: true,
      ...(gap.ok
        ? { value: gap.value, low: gap.low, high: gap.high, ratio: null, lowest: gap.lowest, highest: gap.highest }
        : none),
      reference: formerly.ok ? formerly.value : null,
      change: gap.ok && formerly.ok ? gap.value - formerly.value : null,
      ...(gap.ok ? judged('calibration') : { thresholdHigh: null, state: 'too_few_samples' as const }),
    },
  ]
}
