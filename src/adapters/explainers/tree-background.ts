import { defineExplainer } from '../../contracts/explainer.ts'
import { interventionalShap } from '../../statistics/interventional-shap.ts'

export default defineExplainer({
  method: 'tree_background',
  title: 'TreeSHAP, interventional',
  definition:
    "Exact Shapley values of the trees' sum, where unknown features take the values of background rows (Lundberg et al. 2020, algorithm 3); as shap's TreeExplainer with data",
  rank: () => 2,
  of: 'sum',
  refuses({ structure, background }) {
    if (structure?.form.kind !== 'trees') return 'it is not read as an ensemble of trees'
    if (!background || background.rows === 0) return 'it has no background rows'
    return undefined
  },
  prepare({ structure, description, background }) {
    const { form, parts, encode } = structure!
    if (form.kind !== 'trees') throw new Error('no trees')
    const features = description.features.length
    const others = encode(background!.columns, background!.rows)
    const ensemble = { ...form.ensemble, parts }
    return {
      async explain({ columns, rows }, checkpoint) {
        const encoded = encode(columns, rows)
        const values = new Float64Array(rows * features)
        const outputs = new Float64Array(rows)
        let base = 0
        for (let row = 0; row < rows; row++) {
          checkpoint()
          const found = interventionalShap(ensemble, features, [encoded[row]!], others)
          values.set(found.values, row * features)
          outputs[row] = found.outputs[0]!
          base = found.base
        }
        return { base, values, outputs }
      },
    }
  },
})
