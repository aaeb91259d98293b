import { defineExplainer } from '../../contracts/explainer.ts'
import { linearShap } from '../../statistics/linear-shap.ts'

export default defineExplainer({
  method: 'linear',
  title: 'Linear SHAP',
  definition:
    'Exact Shapley values of a weighted sum, where unknown columns take their means over background rows (Štrumbelj & Kononenko 2014); columns made of one feature are added up',
  rank: () => 0,
  of: 'sum',
  refuses({ structure, background }) {
    if (structure?.form.kind !== 'linear') return 'it is not read as a weighted sum'
    if (!background || background.rows === 0) return 'it has no background rows'
    return undefined
  },
  prepare({ structure, description, background }) {
    const { form, parts, encode } = structure!
    if (form.kind !== 'linear') throw new Error('no weighted sum')
    const features = description.features.length
    const { intercept, weights } = form
    const others = encode(background!.columns, background!.rows)
    const means = weights.map((_, j) => others.reduce((sum, row) => sum + row[j]!, 0) / others.length)
    return {
      async explain({ columns, rows }, checkpoint) {
        checkpoint()
        const found = linearShap(intercept, weights, means, encode(columns, rows))
        const values = new Float64Array(rows * features)
        for (let row = 0; row < rows; row++)
          for (let j = 0; j < weights.length; j++)
            values[row * features + parts[j]!]! += found.values[row * weights.length + j]!
        return { base: found.base, values, outputs: found.outputs }
      },
    }
  },
})
