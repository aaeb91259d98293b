import { createMemory } from './memory.ts'
import { sketchEntries, sketchUpper } from './sketch.ts'
import { type FeatureProfile, numbersOf, textsOf, typeOf } from './slice.ts'

/** In what way a value of serving is one of training, written otherwise. */
export type EncodingChange =
  | 'upper and lower case'
  | 'spaces'
  | 'punctuation'
  | 'numbers as texts'
  | 'texts as numbers'
  | 'truth values'
  | 'form of numbers'

const truths: Record<string, string> = { yes: '1', y: '1', true: '1', t: '1', no: '0', n: '0', false: '0', f: '0' }
const trimmed = (text: string) => text.trim().replace(/\s+/g, ' ')
const numbered = (text: string) => {
  const number = text.trim() === '' ? Number.NaN : Number(text.replace(/^(-?\d+),(\d+)$/, '$1.$2'))
  return Number.isFinite(number) ? String(number) : text
}
const truth = (text: string) => truths[text.trim().toLowerCase()] ?? numbered(text)

/** From the least to the most that is changed; the first that finds the value among those of training names the change. */
const readings: [EncodingChange, (text: string) => string][] = [
  ['spaces', trimmed],
  ['upper and lower case', (text) => trimmed(text).toLowerCase()],
  ['form of numbers', numbered],
  ['truth values', truth],
  ['punctuation', (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')],
]

/** The reference's values in each reading. */
const inReadings = createMemory<FeatureProfile, Map<string, string>[]>()
const readingsOf = (reference: FeatureProfile) =>
  inReadings(reference, '', () =>
    readings.map(([, read]) => new Map([...reference.categories.keys()].map((text) => [read(text), text]))),
  )

export interface EncodingSkew {
  /** rows of serving whose value training knew in another form */
  rows: number
  changes: { change: EncodingChange; rows: number; example: string; known: string }[]
}

/** Rows of `current` whose values are those of `reference` in another form: not new ones, and yet unknown to the model. */
export function encodingSkew(reference: FeatureProfile, current: FeatureProfile): EncodingSkew {
  const found = new Map<EncodingChange, { rows: number; example: string; known: string; most: number }>()
  const add = (change: EncodingChange, rows: number, example: string, known: string) => {
    const before = found.get(change) ?? { rows: 0, example, known, most: 0 }
    const leads = rows > before.most
    found.set(change, {
      rows: before.rows + rows,
      example: leads ? example : before.example,
      known: leads ? known : before.known,
      most: Math.max(rows, before.most),
    })
  }
  if (typeOf(reference) === 'numeric') {
    for (const [text, n] of current.categories)
      if (text.trim() !== '' && Number.isFinite(Number(numbered(text))))
        add('numbers as texts', n, `"${text}"`, numbered(text))
  } else {
    for (const [text, n] of current.categories) {
      if (reference.categories.has(text)) continue
      const known = readingsOf(reference)
      const at = readings.findIndex(([, read], i) => known[i]!.has(read(text)))
      if (at >= 0) add(readings[at]![0], n, `"${text}"`, `"${known[at]!.get(readings[at]![1](text))}"`)
    }
    const numeric = new Set([...reference.categories.keys()].map(numbered))
    const few = numbersOf(current) > 0 && [...numeric].some((text) => Number.isFinite(Number(text)))
    if (few)
      add('texts as numbers', numbersOf(current), `${current.minimum}`, `"${[...reference.categories.keys()][0]}"`)
  }
  const changes = [...found]
    .map(([change, { most: _, ...one }]) => ({ change, ...one }))
    .sort((a, b) => b.rows - a.rows)
  return { rows: changes.reduce((sum, { rows }) => sum + rows, 0), changes }
}

/**
 * The value that serving has so much more often than training that it looks filled in: its share there, and in training. Of
 * numbers within the error of their sketch.
 */
export function filledValue(
  reference: FeatureProfile,
  current: FeatureProfile,
): { value: string; rows: number; before: number } | undefined {
  let best: { value: string; rows: number; before: number } | undefined
  const offer = (value: string, rows: number, before: number) => {
    const gain = rows / Math.max(1, current.count) - before
    if (!best || gain > best.rows / Math.max(1, current.count) - best.before) best = { value, rows, before }
  }
  if (typeOf(reference) === 'numeric')
    for (const [key, n] of sketchEntries(current.sketch))
      offer(
        Number(sketchUpper(key).toPrecision(3)).toString(),
        n,
        (reference.sketch.get(key) ?? 0) / Math.max(1, reference.count),
      )
  else if (textsOf(current) > 0)
    for (const [text, n] of current.categories)
      offer(`"${text}"`, n, (reference.categories.get(text) ?? 0) / Math.max(1, reference.count))
  return best
}
