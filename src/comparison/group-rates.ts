import { type GroupCounts, groupProportion } from '../statistics/fairness.ts'
import { mergeGroupCounts } from '../statistics/intersectional-groups.ts'
import { wilsonInterval } from '../statistics/proportions-test.ts'
import { type Estimate, type Measured, tooFewSamples } from '../statistics/too-few-samples.ts'
import type { GroupRates } from './comparison.ts'

/** Rows of a rate below which it is not told. */
const FEWEST = 30

function rate(successes: number, n: number): Measured<Estimate> {
  if (n < FEWEST) return tooFewSamples('rows', FEWEST, n)
  return { ok: true, value: successes / n, ...wilsonInterval({ successes, n }), n }
}

/** The decisions for each group over all chunks, with Wilson's intervals; the largest groups first. */
export function groupRates(
  side: GroupRates['side'],
  chunks: readonly ReadonlyMap<string, GroupCounts>[],
): GroupRates[] {
  const whole = new Map<string, GroupCounts>()
  for (const chunk of chunks)
    for (const [group, counts] of chunk) {
      const known = whole.get(group)
      whole.set(group, known ? mergeGroupCounts(known, counts) : counts)
    }
  const of = (which: Parameters<typeof groupProportion>[0], counts: GroupCounts) => {
    const { successes, n } = groupProportion(which, counts)
    return rate(successes, n)
  }
  return [...whole]
    .sort((a, b) => b[1].n - a[1].n)
    .map(([group, counts]) => ({
      group,
      side,
      rows: counts.n,
      selection: of('selection', counts),
      truePositive: of('true_positive', counts),
      falsePositive: of('false_positive', counts),
    }))
}
