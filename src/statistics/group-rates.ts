import type { GroupCounts } from './fairness.ts'
import { normalQuantile } from './normal.ts'
import { type Proportion, proportionsTest, wilsonInterval } from './proportions-test.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

/** Every share that a group's counts tell, as successes of trials. */
export const groupRates = {
  selection: (c) => ({ successes: c.selected, n: c.n }),
  base: (c) => ({ successes: c.positives, n: c.positives + c.negatives }),
  true_positive: (c) => ({ successes: c.truePositives, n: c.positives }),
  false_negative: (c) => ({ successes: c.positives - c.truePositives, n: c.positives }),
  false_positive: (c) => ({ successes: c.falsePositives, n: c.negatives }),
  true_negative: (c) => ({ successes: c.negatives - c.falsePositives, n: c.negatives }),
  /** predictive parity compares this one */
  precision: (c) => ({ successes: c.truePositives, n: c.truePositives + c.falsePositives }),
  /** share of the rightly rejected among the rejected */
  negative_precision: (c) => ({
    successes: c.negatives - c.falsePositives,
    n: c.positives + c.negatives - c.truePositives - c.falsePositives,
  }),
  accuracy: (c) => ({
    successes: c.truePositives + c.negatives - c.falsePositives,
    n: c.positives + c.negatives,
  }),
} as const satisfies Record<string, (counts: GroupCounts) => Proportion>

export type RateName = keyof typeof groupRates

export interface GroupAgainst {
  group: string
  rate: number
  n: number
  /** Wilson's interval of the rate */
  low: number
  high: number
  /** rate − the privileged group's, with Newcombe's interval and the z-test's p */
  difference: { value: number; low: number; high: number; p: number }
  /** rate / the privileged group's (disparate impact when the rate is selection), with Katz' interval; null where a side is 0 */
  ratio: { value: number; low: number; high: number } | null
}

export interface GroupsAgainst {
  privileged: string
  groups: GroupAgainst[]
  /** largest − smallest rate over all groups, smallest / largest (1 when all are 0): fairlearn's between-groups forms */
  difference: number
  ratio: number
  /** groups left out because their denominator has fewer rows than the minimum */
  tooSmall: string[]
}

/**
 * One rate of every group against a privileged group's (the largest group when none is named): differences and ratios
 * with intervals. Ratio intervals by the log (Katz et al. 1978). For intervals that hold for all groups at once pass
 * confidence 1 − α / groups. Groups below `minimum` rows of the rate's denominator are named and left out; two are needed.
 */
export function groupsAgainst(
  counts: ReadonlyMap<string, GroupCounts>,
  rate: RateName,
  { privileged, confidence = 0.95, minimum = 30 }: { privileged?: string; confidence?: number; minimum?: number } = {},
): Measured<GroupsAgainst> {
  const all = [...counts].map(([group, c]) => ({ group, rows: c.n, ...groupRates[rate](c) }))
  const large = all.filter((g) => g.n >= Math.max(5, minimum))
  if (large.length < 2) return tooFewSamples(`groups of ${Math.max(5, minimum)} rows`, 2, large.length)
  const first = large.find((g) => g.group === privileged) ?? large.reduce((a, b) => (b.rows > a.rows ? b : a))
  if (privileged !== undefined && first.group !== privileged)
    return tooFewSamples(`rows of ${privileged}`, Math.max(5, minimum), all.find((g) => g.group === privileged)?.n ?? 0)
  const z = normalQuantile((1 + confidence) / 2)
  const groups = large.map((g): GroupAgainst => {
    const test = proportionsTest(first, g, confidence)
    const difference = test.ok
      ? { value: test.value, low: test.low, high: test.high, p: test.p }
      : { value: Number.NaN, low: Number.NaN, high: Number.NaN, p: Number.NaN }
    const value = g.successes / g.n / (first.successes / first.n)
    const half = z * Math.sqrt(1 / g.successes - 1 / g.n + 1 / first.successes - 1 / first.n)
    return {
      group: g.group,
      rate: g.successes / g.n,
      n: g.n,
      ...wilsonInterval(g, confidence),
      difference,
      ratio:
        g.successes > 0 && first.successes > 0
          ? { value, low: value * Math.exp(-half), high: value * Math.exp(half) }
          : null,
    }
  })
  const rates = groups.map((g) => g.rate)
  const [lowest, highest] = [Math.min(...rates), Math.max(...rates)]
  return {
    ok: true,
    privileged: first.group,
    groups,
    difference: highest - lowest,
    ratio: highest > 0 ? lowest / highest : 1,
    tooSmall: all.filter((g) => !large.includes(g)).map((g) => g.group),
  }
}

/** Equalised odds as fairlearn has it: the larger difference, the smaller ratio of true- and false-positive rates. */
export function equalisedOddsOf(
  counts: ReadonlyMap<string, GroupCounts>,
  minimum = 30,
): Measured<{ difference: number; ratio: number }> {
  const tpr = groupsAgainst(counts, 'true_positive', { minimum })
  if (!tpr.ok) return tpr
  const fpr = groupsAgainst(counts, 'false_positive', { minimum })
  if (!fpr.ok) return fpr
  return {
    ok: true,
    difference: Math.max(tpr.difference, fpr.difference),
    ratio: Math.min(tpr.ratio, fpr.ratio),
  }
}
