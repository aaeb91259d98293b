import { defineExplainer } from '../../contracts/explainer.ts'
import { KedgeError } from '../../errors.ts'
import { planKernelShap } from '../../statistics/kernel-shap.ts'
import { mixRows } from './mix-rows.ts'

/** features of which all coalitions are asked at the cost of a sample */
const exactUpTo = 8
/** Rows of one call of the model: enough to make a call's own cost small. */
const batch = 8192

export default defineExplainer({
  method: 'kernel',
  title: 'KernelSHAP',
  definition:
    "Shapley values of the model's score, where unknown features take the values of background rows (Lundberg & Lee 2017): all coalitions up to 12 features, above 2,048 paired ones with standard errors",
  rank: ({ description }) => (description.features.length <= exactUpTo ? 3 : 5),
  of: 'score',
  refuses: ({ background }) => (!background || background.rows === 0 ? 'it has no background rows' : undefined),
  prepare({ description, background, score }) {
    const features = description.features.length
    const { members, solve } = planKernelShap(features)
    const others = background!
    const together = Math.max(1, Math.floor(batch / others.rows))
    return {
      async explain({ columns, rows }, checkpoint) {
        const values = new Float64Array(rows * features)
        const outputs = new Float64Array(rows)
        const errors = new Float64Array(rows * features)
        let base = 0
        for (let row = 0; row < rows; row++) {
          const means = new Float64Array(members.length)
          for (let from = 0; from < members.length; from += together) {
            checkpoint()
            const some = members.slice(from, from + together)
            const asked = some.flatMap((coalition) => {
              const places = coalition.map((member) => 1 - member)
              return Array.from({ length: others.rows }, (_, background) => ({ background, places, upTo: 1 }))
            })
            const scores = await score(mixRows(columns, row, others.columns, asked), asked.length)
            for (let c = 0; c < some.length; c++) {
              let sum = 0
              for (let i = c * others.rows; i < (c + 1) * others.rows; i++) sum += scores[i]!
              means[from + c] = sum / others.rows
            }
          }
          const found = solve(means)
          if (!found.ok) throw new KedgeError('unsupported', { what: `Explaining this model (${found.reason})` })
          base = found.base
          values.set(found.values, row * features)
          errors.set(found.errors, row * features)
          outputs[row] = found.output
        }
        return { base, values, outputs, errors }
      },
    }
  },
})
