import { defineExplainer } from '../../contracts/explainer.ts'
import { planPermutationShap } from '../../statistics/permutation-shap.ts'
import { mixRows } from './mix-rows.ts'

/** Rows of one call of the model: enough to make a call's own cost small, few enough to look at the clock. */
const batch = 8192

export default defineExplainer({
  method: 'permutation',
  title: 'Shapley sampling by permutations',
  definition:
    "Shapley values of the model's score, where unknown features take the values of background rows, sampled over orders of the features in pairs with their reverse (Castro et al. 2009; Mitchell et al. 2022), with standard errors; the same game as KernelSHAP with far fewer calls",
  rank: () => 4,
  of: 'score',
  refuses: ({ background }) => (!background || background.rows === 0 ? 'it has no background rows' : undefined),
  prepare({ description, background, score }) {
    const features = description.features.length
    const others = background!
    const { asked, solve } = planPermutationShap(features, others.rows)
    let ofBackground: Promise<Float64Array> | undefined
    return {
      async explain({ columns, rows }, checkpoint) {
        ofBackground ??= score(others.columns, others.rows)
        const backgrounds = await ofBackground
        const own = await score(columns, rows)
        const values = new Float64Array(rows * features)
        const errors = new Float64Array(rows * features)
        let base = 0
        for (let row = 0; row < rows; row++) {
          const answers = new Float64Array(asked.length)
          for (let from = 0; from < asked.length; from += batch) {
            checkpoint()
            const some = asked.slice(from, from + batch)
            answers.set(await score(mixRows(columns, row, others.columns, some), some.length), from)
          }
          const found = solve(answers, backgrounds, own[row]!)
          base = found.base
          values.set(found.values, row * features)
          errors.set(found.errors, row * features)
        }
        return { base, values, outputs: own, errors }
      },
    }
  },
})
