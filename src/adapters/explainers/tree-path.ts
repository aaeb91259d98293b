import { defineExplainer } from '../../contracts/explainer.ts'
import { createTreeShap } from '../../statistics/tree-shap.ts'

/** Rows between two looks at the clock. */
const piece = 16

export default defineExplainer({
  method: 'tree_path',
  title: 'TreeSHAP, path-dependent',
  definition:
    "Exact Shapley values of the trees' sum, where an unknown feature follows the training rows' shares at each split (Lundberg et al. 2020, algorithm 2); as shap's TreeExplainer without data and the pred_contribs of LightGBM and XGBoost",
  rank: () => 1,
  of: 'sum',
  refuses({ structure }) {
    if (structure?.form.kind !== 'trees') return 'it is not read as an ensemble of trees'
    if (!structure.covers) return 'its file does not say how many training rows passed each node'
    return undefined
  },
  prepare({ structure, description }) {
    const { form, parts, encode } = structure!
    if (form.kind !== 'trees') throw new Error('no trees')
    const features = description.features.length
    const shap = createTreeShap({ ...form.ensemble, parts }, features)
    return {
      async explain({ columns, rows }, checkpoint) {
        const encoded = encode(columns, rows)
        const values = new Float64Array(rows * features)
        const outputs = new Float64Array(rows)
        for (let from = 0; from < rows; from += piece) {
          checkpoint()
          const found = shap.explain(encoded.slice(from, from + piece))
          values.set(found.values, from * features)
          outputs.set(found.outputs, from)
        }
        return { base: shap.base, values, outputs }
      },
    }
  },
})
