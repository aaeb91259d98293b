import { groupRates, groupsAgainst, type RateName } from './group-rates.ts'
import { normalQuantile } from './normal.ts'
import { proportionsTest } from './proportions-test.ts'
import { segmentAttribute } from './segment-name.ts'
import type { Group } from './slice.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

/** A measure of fairness: how far apart the groups are. */
export interface GroupMetric {
  name: string
  title: string
  formula: string
  /** rates that are compared; the larger difference counts */
  rates: readonly RateName[]
  needsActuals: boolean
}

const metric = (
  name: string,
  title: string,
  rates: readonly RateName[],
  formula: string,
  needsActuals = true,
): GroupMetric => ({
  name,
  title,
  formula,
  rates,
  needsActuals,
})

/** Measures that are a difference of rates between the highest and the lowest group. */
export const groupMetrics: readonly GroupMetric[] = [
  metric(
    'demographic_parity',
    'Demographic parity difference',
    ['selection'],
    'largest − smallest share predicted positive over the groups',
    false,
  ),
  metric(
    'equal_opportunity',
    'Equal opportunity difference',
    ['true_positive'],
    'largest − smallest true-positive rate over the groups',
  ),
  metric(
    'predictive_equality',
    'Predictive equality difference',
    ['false_positive'],
    'largest − smallest false-positive rate over the groups',
  ),
  metric(
    'equalised_odds',
    'Equalised odds difference',
    ['true_positive', 'false_positive'],
    'the larger difference of the true- and the false-positive rate over the groups',
  ),
  metric(
    'predictive_parity',
    'Predictive parity difference',
    ['precision'],
    'largest − smallest share of true among those predicted positive over the groups',
  ),
  metric(
    'accuracy_equality',
    'Accuracy difference',
    ['accuracy'],
    'largest − smallest share rightly classified over the groups',
  ),
]

/** Groups by the attributes that they are of: `carrier`, or for intersections `carrier & origin`. */
export function groupsByAttribute(groups: ReadonlyMap<string, Group>): Map<string, Map<string, Group>> {
  const found = new Map<string, Map<string, Group>>()
  for (const [name, group] of groups) {
    const attribute = segmentAttribute(name)
    const own = found.get(attribute)
    if (own) own.set(name, group)
    else found.set(attribute, new Map([[name, group]]))
  }
  return found
}

export interface GroupDifference {
  value: number
  /** Newcombe's interval of the difference of the two groups that are named */
  low: number
  high: number
  /** smallest / largest; 1 when all are 0 */
  ratio: number
  lowest: string
  highest: string
  rate: RateName
  tooSmall: string[]
}

/** A measure over groups with at least `minimum` rows of its denominator; two are needed. */
export function groupDifference(
  { rates }: Pick<GroupMetric, 'rates'>,
  groups: ReadonlyMap<string, Group>,
  minimum = 30,
  confidence = 0.95,
): Measured<GroupDifference> {
  let worst: GroupDifference | undefined
  for (const rate of rates) {
    const found = groupsAgainst(groups, rate, { minimum, confidence })
    if (!found.ok) return found
    const sorted = [...found.groups].sort((a, b) => a.rate - b.rate)
    const [lowest, highest] = [sorted[0]!.group, sorted.at(-1)!.group]
    const test = proportionsTest(
      groupRates[rate](groups.get(lowest)!),
      groupRates[rate](groups.get(highest)!),
      confidence,
    )
    if (!test.ok) return test
    if (!worst || found.difference > worst.value)
      worst = {
        value: found.difference,
        low: Math.max(0, test.low),
        high: test.high,
        ratio: found.ratio,
        lowest,
        highest,
        rate,
        tooSmall: found.tooSmall,
      }
  }
  return { ok: true, ...worst! }
}

/** Mean actual − mean score of a group's rows with truth, with Cox' interval. */
export function calibrationGap({ performance }: Group, minimum = 30, confidence = 0.95): Measured<Estimate> {
  const { brier, positives, scoreSum, scoreVariance } = performance.binary
  if (brier.n < minimum) return tooFewSamples('rows', minimum, brier.n)
  const value = (positives - scoreSum) / brier.n
  const half = (normalQuantile((1 + confidence) / 2) * Math.sqrt(scoreVariance)) / brier.n
  return { ok: true, value, low: value - half, high: value + half, n: brier.n }
}

/** Largest − smallest calibration gap over groups: calibration within groups, in the large (Kleinberg et al. 2016). */
export function calibrationDifference(
  groups: ReadonlyMap<string, Group>,
  minimum = 30,
  confidence = 0.95,
): Measured<Omit<GroupDifference, 'rate' | 'ratio'> & { errors: Map<string, number> }> {
  const tooSmall: string[] = []
  const errors = new Map<string, number>()
  const gaps = [...groups].flatMap(([group, counts]) => {
    const gap = calibrationGap(counts, minimum, confidence)
    if (!gap.ok) {
      tooSmall.push(group)
      return []
    }
    errors.set(group, (gap.high - gap.low) / 2 / normalQuantile((1 + confidence) / 2))
    return [{ group, ...gap }]
  })
  if (gaps.length < 2) return tooFewSamples(`groups of ${minimum} rows`, 2, gaps.length)
  gaps.sort((a, b) => a.value - b.value)
  const [lowest, highest] = [gaps[0]!, gaps.at(-1)!]
  const value = highest.value - lowest.value
  const half = Math.hypot(highest.high - highest.value, lowest.high - lowest.value)
  return {
    ok: true,
    value,
    low: Math.max(0, value - half),
    high: value + half,
    lowest: lowest.group,
    highest: highest.group,
    tooSmall,
    errors,
  }
}
