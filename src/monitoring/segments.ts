import type { Slice } from '../statistics/slice.ts'
import { typeOf } from '../statistics/slice.ts'

const MOST_FEATURES = 2
const MOST_GROUPS = 20

/**
 * The groups that bias and performance are kept for: the largest categories of the declared features, or of the two
 * categorical features with the fewest categories (at least two).
 */
export function chooseSegments(reference: Slice, declared?: readonly string[]): string[] {
  const candidates = [...reference.features]
    .filter(
      ([name, profile]) => !name.startsWith('$') && typeOf(profile) === 'categorical' && profile.categories.size > 1,
    )
    .filter(([name]) => declared?.includes(name) ?? true)
    .sort((a, b) => a[1].categories.size - b[1].categories.size || (a[0] < b[0] ? -1 : 1))
    .slice(0, declared ? declared.length : MOST_FEATURES)
  return candidates.flatMap(([name, profile]) =>
    [...profile.categories]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, MOST_GROUPS)
      .map(([category]) => `${name}=${category}`),
  )
}
