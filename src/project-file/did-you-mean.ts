import { nearest } from '../data/expression/nearest.ts'

const letters = (text: string) => [...text.toLowerCase()].sort().join('')

/** The candidate that a mistyped name most likely means: near in spelling, the same letters, or one the beginning of the other. */
export const didYouMean = (name: string, candidates: readonly string[]): string | undefined =>
  nearest(name, candidates) ??
  candidates.find((candidate) => letters(candidate) === letters(name)) ??
  candidates.find(
    (candidate) =>
      commonStart(name.toLowerCase(), candidate.toLowerCase()) >=
      Math.max(3, Math.min(name.length, candidate.length) - 2),
  )

function commonStart(a: string, b: string): number {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return i
}
