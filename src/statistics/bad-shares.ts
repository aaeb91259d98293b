import { type FeatureProfile, numbersOf, textsOf, typeOf } from './slice.ts'

/** A share of rows that are bad, seen from a reference. */
export interface BadShare {
  name: string
  title: string
  formula: string
  applies(reference: FeatureProfile): boolean
  /** how many of the rows that `current` is the profile of are bad, seen from `reference`, whose values are of `type` */
  bad(
    rows: number,
    current: FeatureProfile | undefined,
    reference: FeatureProfile,
    type: ReturnType<typeof typeOf>,
  ): number
}

const isNumeric = (reference: FeatureProfile) => typeOf(reference) === 'numeric'
const isText = (reference: FeatureProfile) => typeOf(reference) === 'categorical'

/** `AB-1234` → `A-9`: runs of letters, digits and spaces, other characters as they are. */
export const textPattern = (text: string): string =>
  text
    .replace(/\p{Lu}+/gu, 'A')
    .replace(/\p{Ll}+/gu, 'a')
    .replace(/\p{L}+/gu, 'x')
    .replace(/\d+/g, '9')
    .replace(/\s+/g, ' ')

function countWhere(categories: ReadonlyMap<string, number>, is: (text: string) => boolean): number {
  let found = 0
  for (const [text, n] of categories) if (is(text)) found += n
  return found
}

/** So many categories and more are texts whose form means something, not names of classes. */
const MANY = 50

export const badShares: readonly BadShare[] = [
  {
    name: 'missing',
    title: 'Missing values',
    formula: 'share of rows without the feature',
    applies: () => true,
    bad: (rows, current) => Math.max(0, rows - (current?.count ?? 0)),
  },
  {
    name: 'type',
    title: 'Wrong type',
    formula: 'share of rows with a text where the reference has numbers, or a number where it has texts',
    applies: () => true,
    bad(_rows, current, _reference, type) {
      if (!current) return 0
      return type === 'numeric' ? textsOf(current) : numbersOf(current)
    },
  },
  {
    name: 'out_of_range',
    title: 'Out of range',
    formula: 'share of rows below the smallest or above the largest value of the reference (within 1 %)',
    applies: isNumeric,
    bad(_rows, current, reference) {
      let lowest = Infinity
      let highest = -Infinity
      for (const key of reference.sketch.keys()) {
        if (key < lowest) lowest = key
        if (key > highest) highest = key
      }
      let outside = 0
      for (const [key, n] of current?.sketch ?? []) if (key < lowest || key > highest) outside += n
      return outside
    },
  },
  {
    name: 'new_category',
    title: 'New categories',
    formula: 'share of rows with a category that the reference has not',
    applies: isText,
    bad: (_rows, current, reference) =>
      current ? countWhere(current.categories, (text) => !reference.categories.has(text)) : 0,
  },
  {
    name: 'length',
    title: 'Unusual length',
    formula: 'share of rows with a text shorter or longer than any of the reference',
    applies: (reference) => isText(reference) && reference.categories.size >= MANY,
    bad(_rows, current, reference) {
      let [shortest, longest] = [Infinity, 0]
      for (const text of reference.categories.keys()) {
        shortest = Math.min(shortest, text.length)
        longest = Math.max(longest, text.length)
      }
      return current ? countWhere(current.categories, (text) => text.length < shortest || text.length > longest) : 0
    },
  },
  {
    name: 'pattern',
    title: 'New pattern',
    formula: 'share of rows with a text of a form (AB-12 → A-9) that no text of the reference has',
    applies: (reference) => isText(reference) && reference.categories.size >= MANY,
    bad(_rows, current, reference) {
      const known = new Set([...reference.categories.keys()].map(textPattern))
      return current ? countWhere(current.categories, (text) => !known.has(textPattern(text))) : 0
    },
  },
]
