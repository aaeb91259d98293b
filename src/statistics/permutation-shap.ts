import type { KernelShap } from './kernel-shap.ts'
import { seededRandom } from './seeded-random.ts'

/** What to ask a model about a row, and what its answers make of it. */
export interface PermutationShapPlan {
  /** by question, which background row it is about; features whose place is below `upTo` are taken from the row */
  asked: { background: number; places: ArrayLike<number>; upTo: number }[]
  /** `answers`: of the questions in order; `backgrounds`: of the background rows; `output`: of the row itself. */
  solve(answers: ArrayLike<number>, backgrounds: ArrayLike<number>, output: number): Omit<KernelShap, 'coalitions'>
}

/**
 * Shapley's values by sampling orders of the features (Castro et al. 2009): along an order the features of a background row
 * are replaced by the row's, one after the other, and each gets what its replacement changes. Orders come in pairs with their
 * reverse (Mitchell et al. 2022), every background row begins equally many, so that values sum to output − base exactly. Of
 * the same game as KernelSHAP, with 2(d − 1) questions a pair: far fewer at the same error where many features hardly
 * interact. `errors` are standard errors over the pairs.
 */
export function planPermutationShap(
  features: number,
  background: number,
  { pairs = 100, seed = 1 } = {},
): PermutationShapPlan {
  const d = features
  const rounds = Math.max(1, Math.ceil(pairs / background))
  const random = seededRandom(seed)
  const orders = Array.from({ length: rounds * background }, (_, pair) => {
    const order = Array.from({ length: d }, (_, j) => j)
    for (let i = d - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1))
      ;[order[i], order[j]] = [order[j]!, order[i]!]
    }
    return { background: pair % background, order }
  })
  const ways = orders.flatMap(({ background: from, order }) => [
    { from, order },
    { from, order: order.toReversed() },
  ])
  return {
    asked: ways.flatMap(({ from, order }) => {
      const places = new Int32Array(d)
      order.forEach((feature, place) => {
        places[feature] = place
      })
      return Array.from({ length: d - 1 }, (_, i) => ({ background: from, places, upTo: i + 1 }))
    }),
    solve(answers, backgrounds, output) {
      const [sums, squares] = [new Float64Array(d), new Float64Array(d)]
      let at = 0
      for (let pair = 0; pair < orders.length; pair++) {
        const own = new Float64Array(d)
        for (const { from, order } of ways.slice(2 * pair, 2 * pair + 2)) {
          let before = backgrounds[from]!
          order.forEach((feature, step) => {
            const after = step === d - 1 ? output : answers[at++]!
            own[feature]! += (after - before) / 2
            before = after
          })
        }
        for (let j = 0; j < d; j++) {
          sums[j]! += own[j]!
          squares[j]! += own[j]! ** 2
        }
      }
      const n = orders.length
      let base = 0
      for (let i = 0; i < background; i++) base += backgrounds[i]! / background
      return {
        base,
        output,
        values: [...sums].map((sum) => sum / n),
        errors: [...squares].map((square, j) =>
          n < 2 ? Number.NaN : Math.sqrt(Math.max(0, square - sums[j]! ** 2 / n) / (n - 1) / n),
        ),
      }
    },
  }
}
