import { defineExplainer, type FeatureRows } from '../../contracts/explainer.ts'
import type { Column } from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'
import { planKernelShap } from '../../statistics/kernel-shap.ts'

/** Rows of one call of the model: enough to make a call's own cost small. */
const batch = 8192

export default defineExplainer({
  method: 'kernel',
  title: 'KernelSHAP',
  definition:
    "Shapley values of the model's score, where unknown features take the values of rows of the model's reference (Lundberg & Lee 2017): all coalitions up to 12 features, above 2,048 paired ones with standard errors",
  rank: 3,
  of: 'score',
  refuses: ({ background }) => (!background || background.rows === 0 ? 'it has no reference rows' : undefined),
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
            const mixed = mix({ columns, rows }, row, others, some)
            const scores = await score(mixed.columns, mixed.rows)
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

/** Every background row once for each coalition, with the coalition's features from the row. */
function mix(of: FeatureRows, row: number, others: FeatureRows, coalitions: readonly Uint8Array[]): FeatureRows {
  const rows = coalitions.length * others.rows
  const columns = of.columns.map((column, j): Column => {
    const other = others.columns[j]!
    const own = column[row]!
    const mixed = typeof own === 'number' ? new Float64Array(rows) : new Array<string>(rows)
    coalitions.forEach((members, c) => {
      const at = c * others.rows
      if (members[j] === 1) (mixed as (string | number)[]).fill(own, at, at + others.rows)
      else for (let i = 0; i < others.rows; i++) (mixed as (string | number)[])[at + i] = other[i]!
    })
    return mixed
  })
  return { columns, rows }
}
