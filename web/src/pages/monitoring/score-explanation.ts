import type { ReactNode } from 'react'
import type { Score } from '../../api/types.ts'
import { measure } from '../../format/number.ts'

/** What a score's definition says, as label → value; nested parts by dotted names. */
export function definitionFacts(definition: Record<string, unknown>): Record<string, ReactNode> {
  const facts: Record<string, ReactNode> = {}
  const add = (prefix: string, value: unknown) => {
    if (value === null || value === undefined) return
    if (Array.isArray(value))
      facts[prefix] =
        value.length > 6
          ? `${value.length} values`
          : value.map((one) => (typeof one === 'number' ? measure(one) : String(one))).join(', ')
    else if (typeof value === 'object')
      for (const [key, inner] of Object.entries(value)) add(prefix ? `${prefix} ${key}` : key, inner)
    else facts[prefix] = typeof value === 'number' ? measure(value) : String(value)
  }
  add('', definition)
  return facts
}

export const stateTexts: Record<Score['state'], string> = {
  ok: 'ordinary',
  watch: 'beyond its own threshold, but not among all features together',
  violation: 'out of the ordinary',
  too_few_samples: 'too few samples to say',
  no_reference: 'no reference to compare with',
  failed: 'could not be evaluated; it is tried again',
}

/** A state in words; of one that could not be evaluated also why. */
export const stateText = ({ state, definition }: Pick<Score, 'state' | 'definition'>) =>
  state === 'failed' && definition.failed ? `could not be evaluated: ${definition.failed}` : stateTexts[state]

/** How badly a state asks to be looked at. */
export const stateRank: Record<Score['state'], number> = {
  violation: 5,
  failed: 4,
  watch: 3,
  ok: 2,
  too_few_samples: 1,
  no_reference: 0,
}

/** What a badge says. */
export const stateWord = (state: Score['state']) => (state === 'failed' ? 'not evaluated' : undefined)
