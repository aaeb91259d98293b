import { defineExplainer } from '../../contracts/explainer.ts'
import type { Column } from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'
import { isPrecise, type KernelShap, planKernelShap } from '../../statistics/kernel-shap.ts'

/** features of which all coalitions are asked at the cost of a sample */
const exactUpTo = 8
/** Rows of one call of the model: enough to make a call's own cost small. */
const batch = 8192

export default defineExplainer({
  method: 'kernel',
  title: 'KernelSHAP',
  definition:
    "Shapley values of the model's score, where unknown features take the values of background rows (Lundberg & Lee 2017): all coalitions up to 12 features, above paired ones with standard errors, as many (80 to 2,048 of 20 features) as make the errors 5 % of the largest value",
  rank: ({ description }) => (description.features.length <= exactUpTo ? 3 : 5),
  of: 'score',
  refuses: ({ background }) => (!background || background.rows === 0 ? 'it has no background rows' : undefined),
  prepare({ description, background, score }) {
    const features = description.features.length
    const { members, stages, solve } = planKernelShap(features)
    const others = background!
    const together = Math.max(1, Math.floor(batch / others.rows))

    /** Asks the model about more and more coalitions, until the values are precise. */
    async function explainRow(columns: readonly Column[], row: number, checkpoint: () => void): Promise<KernelShap> {
      const means = new Float64Array(members.length)
      let from = 0
      for (const upTo of stages) {
        while (from < upTo) {
          checkpoint()
          const some = members.slice(from, Math.min(upTo, from + together))
          const scores = await score(mixCoalitions(columns, row, others.columns, some), some.length * others.rows)
          for (let c = 0; c < some.length; c++) {
            let sum = 0
            for (let i = c * others.rows; i < (c + 1) * others.rows; i++) sum += scores[i]!
            means[from + c] = sum / others.rows
          }
          from += some.length
        }
        const found = solve(means, upTo)
        if (!found.ok) throw new KedgeError('unsupported', { what: `Explaining this model (${found.reason})` })
        if (upTo === members.length || isPrecise(found)) return found
      }
      throw new KedgeError('unsupported', { what: 'Explaining this model (it has no coalitions)' })
    }

    return {
      async explain({ columns, rows }, checkpoint) {
        const values = new Float64Array(rows * features)
        const outputs = new Float64Array(rows)
        const errors = new Float64Array(rows * features)
        let base = 0
        for (let row = 0; row < rows; row++) {
          const found = await explainRow(columns, row, checkpoint)
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

/** All background rows for each coalition, with its members' values from the row that is explained. */
function mixCoalitions(
  of: readonly Column[],
  row: number,
  others: readonly Column[],
  coalitions: readonly Uint8Array[],
): Column[] {
  return of.map((column, j): Column => {
    const own = column[row]!
    const other = others[j]!
    const rows = other.length
    if (typeof own === 'string') {
      const background = other as string[]
      return coalitions.flatMap((members) => (members[j] === 1 ? new Array<string>(rows).fill(own) : background))
    }
    const mixed = new Float64Array(coalitions.length * rows)
    coalitions.forEach((members, c) => {
      if (members[j] === 1) mixed.fill(own, c * rows, (c + 1) * rows)
      else mixed.set(other as Float64Array, c * rows)
    })
    return mixed
  })
}
