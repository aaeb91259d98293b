import type { GroupCounts } from './fairness.ts'

/** One row of a binary classifier with its protected attributes; `actual` is undefined until the truth is known. */
export interface FairnessRow {
  attributes: Readonly<Record<string, string>>
  selected: boolean
  actual?: boolean
}

const none: GroupCounts = { n: 0, selected: 0, truePositives: 0, falsePositives: 0, positives: 0, negatives: 0 }

/** The counts of the union of disjoint rows. */
export const mergeGroupCounts = (a: GroupCounts, b: GroupCounts): GroupCounts => ({
  n: a.n + b.n,
  selected: a.selected + b.selected,
  truePositives: a.truePositives + b.truePositives,
  falsePositives: a.falsePositives + b.falsePositives,
  positives: a.positives + b.positives,
  negatives: a.negatives + b.negatives,
})

/**
 * Counts of every combination of up to `depth` attributes, keyed `a=x & b=y` with attributes in order of their names:
 * groups of single attributes at depth 1, their intersections at 2 and 3. Combinations with fewer than `minimum` rows
 * are left out and counted, so that nothing is said of a handful of people.
 */
export function intersectionalGroups(
  rows: Iterable<FairnessRow>,
  depth = 2,
  minimum = 30,
): { groups: Map<string, GroupCounts>; tooSmall: number } {
  const groups = new Map<string, GroupCounts>()
  for (const { attributes, selected, actual } of rows) {
    const one: GroupCounts = {
      ...none,
      n: 1,
      selected: selected ? 1 : 0,
      truePositives: selected && actual === true ? 1 : 0,
      falsePositives: selected && actual === false ? 1 : 0,
      positives: actual === true ? 1 : 0,
      negatives: actual === false ? 1 : 0,
    }
    for (const key of combinations(Object.keys(attributes).sort(), depth)) {
      const name = key.map((attribute) => `${attribute}=${attributes[attribute]}`).join(' & ')
      groups.set(name, mergeGroupCounts(groups.get(name) ?? none, one))
    }
  }
  let tooSmall = 0
  for (const [name, counts] of groups)
    if (counts.n < minimum) {
      groups.delete(name)
      tooSmall++
    }
  return { groups, tooSmall }
}

/** Every non-empty choice of at most `depth` names, in their order. */
function combinations(names: readonly string[], depth: number): string[][] {
  if (depth < 1) return []
  return names.flatMap((name, i) => [
    [name],
    ...combinations(names.slice(i + 1), depth - 1).map((rest) => [name, ...rest]),
  ])
}
