import { estimatedLoss, fitLossModel } from '../statistics/direct-loss-estimation.ts'
import type { Estimate, Measured } from '../statistics/too-few-samples.ts'
import type { AlignedColumn } from './align-columns.ts'
import type { Table } from './table.ts'
import type { TableReader } from './table-reader.ts'
import type { ModelColumns } from './truth-statement.ts'

/** Rows of a side that the errors are learnt from and told of, and numbers of a row that say how large they are. */
const ROWS = 4000
const MOST_FEATURES = 50

interface Side {
  table: Table
  model: ModelColumns
}

/**
 * The mean absolute error expected of rows without truth, from how large it was for rows like them in the reference (DLE).
 * Both sides are sampled evenly. The inputs are the numeric features and the prediction itself.
 */
export async function estimateErrors(
  reader: TableReader,
  columns: readonly AlignedColumn[],
  reference: Side,
  current: Side,
): Promise<Measured<Estimate>> {
  const features = columns
    .filter(
      ({ kind, role, reference: r, current: c }) =>
        kind === 'number' && role === 'feature' && r?.kind === 'number' && c?.kind === 'number',
    )
    .slice(0, MOST_FEATURES)
  const inputsOf = (side: 'reference' | 'current', model: ModelColumns) => [
    ...features.map((column) => column[side]!),
    model.prediction!,
  ]
  const [before, after] = await Promise.all([
    reader.sampleRows(reference.table, [...inputsOf('reference', reference.model), reference.model.target!], ROWS),
    reader.sampleRows(current.table, inputsOf('current', current.model), ROWS),
  ])
  const fitted = fitLossModel(
    before.map((row) => row.slice(0, -1)),
    before.map((row) => Math.abs(row.at(-2)! - row.at(-1)!)),
  )
  if (!fitted.ok) return fitted
  const found = estimatedLoss(fitted.lossModel, after)
  return found.ok ? { ok: true, value: found.value, low: found.low, high: found.high, n: found.n } : found
}
