import { seededRandom } from './seeded-random.ts'
import { studentQuantile } from './student-t.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface PermutationImportance {
  /** the score of the rows as they are */
  score: number
  /** by feature: mean fall of the score when its column is shuffled; interval over the repeats (Student) */
  features: { value: number; low: number; high: number; error: number }[]
}

/**
 * How much worse a model gets when one column is shuffled among the rows (Breiman 2001): score − shuffled score, over
 * `repeats` seeded shuffles; larger scores are to be better. The interval is that of the shuffling on these rows, not of
 * the rows. `score` answers for all rows at once and must not keep them. Needs `minimum` rows.
 */
export function permutationImportance(
  rows: readonly (readonly number[])[],
  score: (rows: number[][]) => number,
  { repeats = 5, seed = 1, confidence = 0.95, minimum = 10 } = {},
): Measured<PermutationImportance> {
  const n = rows.length
  if (n < Math.max(2, minimum)) return tooFewSamples('rows', Math.max(2, minimum), n)
  const random = seededRandom(seed)
  const copy = rows.map((row) => [...row])
  const whole = score(copy)
  const t = studentQuantile((1 + confidence) / 2, Math.max(1, repeats - 1))
  const features = rows[0]!.map((_, feature) => {
    const falls: number[] = []
    for (let repeat = 0; repeat < repeats; repeat++) {
      const column = rows.map((row) => row[feature]!)
      for (let i = n - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1))
        ;[column[i], column[j]] = [column[j]!, column[i]!]
      }
      copy.forEach((row, i) => {
        row[feature] = column[i]!
      })
      falls.push(whole - score(copy))
    }
    copy.forEach((row, i) => {
      row[feature] = rows[i]![feature]!
    })
    const value = falls.reduce((a, b) => a + b, 0) / repeats
    const error = Math.sqrt(falls.reduce((s, x) => s + (x - value) ** 2, 0) / Math.max(1, repeats - 1) / repeats)
    return { value, low: value - t * error, high: value + t * error, error }
  })
  return { ok: true, score: whole, features }
}
