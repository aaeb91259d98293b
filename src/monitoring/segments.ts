import { aspectOf } from '../statistics/column-aspect.ts'
import { segmentName } from '../statistics/segment-name.ts'
import type { FeatureProfile, Slice } from '../statistics/slice.ts'
import { typeOf } from '../statistics/slice.ts'

const MOST_FEATURES = 2
const MOST_GROUPS = 20
/** Groups of each feature whose intersections are kept too: the largest. */
const MOST_CROSSED = 6
/** What the largest groups together must have of the rows: a text that is another one nearly every time makes no groups. */
const LEAST_COVERED = 0.2

/**
 * The groups that bias and performance are kept for: the largest categories of the declared features, or of the two
 * categorical features with the fewest categories (at least two), and the intersections of the largest of them.
 */
export function chooseSegments(reference: Slice, declared?: readonly string[]): string[] {
  const candidates = [...reference.features]
    .filter(
      ([name, profile]) => !name.startsWith('$') && typeOf(profile) === 'categorical' && profile.categories.size > 1,
    )
    .filter(([name, profile]) => declared?.includes(name) ?? (aspectOf(name) === undefined && makesGroups(profile)))
    .sort((a, b) => a[1].categories.size - b[1].categories.size || (a[0] < b[0] ? -1 : 1))
    .slice(0, declared ? declared.length : MOST_FEATURES)
  const groups = candidates.map(([name, profile]) =>
    [...profile.categories]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, MOST_GROUPS)
      .map(([category]) => ({ feature: name, is: category })),
  )
  const largest = groups.map((some) => some.slice(0, MOST_CROSSED))
  const crossed = largest.flatMap((first, i) =>
    largest.slice(i + 1).flatMap((second) => first.flatMap((a) => second.map((b) => segmentName([a, b])))),
  )
  return [...groups.flat().map((group) => segmentName([group])), ...crossed]
}

function makesGroups({ count, categories }: FeatureProfile): boolean {
  const covered = [...categories.values()]
    .sort((a, b) => b - a)
    .slice(0, MOST_GROUPS)
    .reduce((a, b) => a + b, 0)
  return 2 * categories.size <= count && covered >= LEAST_COVERED * count
}
