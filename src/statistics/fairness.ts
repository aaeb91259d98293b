import { type Proportion, wilsonInterval } from './proportions-test.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

/** Mergeable counts of one group: rows, predicted positive, and where the truth is known the confusion counts. */
export interface GroupCounts {
  n: number
  selected: number
  truePositives: number
  falsePositives: number
  positives: number
  negatives: number
}

export type GroupRate = 'selection' | 'true_positive' | 'false_positive'

const proportion: Record<GroupRate, (c: GroupCounts) => Proportion> = {
  selection: (c) => ({ successes: c.selected, n: c.n }),
  true_positive: (c) => ({ successes: c.truePositives, n: c.positives }),
  false_positive: (c) => ({ successes: c.falsePositives, n: c.negatives }),
}

/** Successes and trials behind a rate of a group. */
export const groupProportion = (rate: GroupRate, counts: GroupCounts): Proportion => proportion[rate](counts)

export interface GroupComparison {
  /** largest − smallest rate over the groups */
  difference: number
  /** smallest / largest rate; 1 when all are 0 */
  ratio: number
  lowest: string
  highest: string
  groups: { group: string; rate: number; low: number; high: number; n: number }[]
  /** groups left out because they are smaller than the minimum */
  tooSmall: string[]
}

/** One rate compared over groups with at least `minimum` rows of its denominator; needs two such groups. */
export function compareGroups(
  groups: ReadonlyMap<string, GroupCounts>,
  rate: GroupRate,
  minimum = 30,
): Measured<GroupComparison> {
  const all = [...groups].map(([group, counts]) => ({ group, ...proportion[rate](counts) }))
  const large = all.filter((g) => g.n >= minimum && g.n > 0)
  if (large.length < 2) return tooFewSamples(`groups of ${minimum} rows`, 2, large.length)
  const rates = large
    .map(({ group, successes, n }) => ({ group, rate: successes / n, ...wilsonInterval({ successes, n }), n }))
    .sort((a, b) => a.rate - b.rate)
  const lowest = rates[0]!
  const highest = rates.at(-1)!
  return {
    ok: true,
    difference: highest.rate - lowest.rate,
    ratio: highest.rate > 0 ? lowest.rate / highest.rate : 1,
    lowest: lowest.group,
    highest: highest.group,
    groups: rates,
    tooSmall: all.filter((g) => g.n < minimum).map((g) => g.group),
  }
}

/** Demographic parity: difference and ratio of the share predicted positive (fairlearn's definition). */
export const demographicParity = (groups: ReadonlyMap<string, GroupCounts>, minimum = 30) =>
  compareGroups(groups, 'selection', minimum)

/** Equal opportunity: difference and ratio of the true-positive rate. */
export const equalOpportunity = (groups: ReadonlyMap<string, GroupCounts>, minimum = 30) =>
  compareGroups(groups, 'true_positive', minimum)

/** Equalised odds: the larger difference of the true- and the false-positive rate (fairlearn's worst case). */
export function equalisedOdds(
  groups: ReadonlyMap<string, GroupCounts>,
  minimum = 30,
): Measured<{ difference: number; rate: GroupRate }> {
  const tpr = compareGroups(groups, 'true_positive', minimum)
  if (!tpr.ok) return tpr
  const fpr = compareGroups(groups, 'false_positive', minimum)
  if (!fpr.ok) return fpr
  return tpr.difference >= fpr.difference
    ? { ok: true, difference: tpr.difference, rate: 'true_positive' }
    : { ok: true, difference: fpr.difference, rate: 'false_positive' }
}
