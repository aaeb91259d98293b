import { estimatedLoss, fitLossModel } from '../statistics/direct-loss-estimation.ts'
import type { Estimate, Measured } from '../statistics/too-few-samples.ts'
import type { AlignedColumn } from './align-columns.ts'
import { numberOf } from './chunk-statement.ts'
import { reading, type Table } from './open-table.ts'
import type { TableEngine } from './table-engine.ts'
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
  engine: TableEngine,
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
    ...features.map((column) => numberOf(column[side]!)),
    numberOf(model.prediction!),
  ]
  const loss = `abs(${numberOf(reference.model.prediction!)} - ${numberOf(reference.model.target!)})`
  const [before, after] = await Promise.all([
    sample(engine, reference.table, [...inputsOf('reference', reference.model), loss]),
    sample(engine, current.table, inputsOf('current', current.model)),
  ])
  const fitted = fitLossModel(
    before.map((row) => row.slice(0, -1)),
    before.map((row) => row.at(-1)!),
  )
  if (!fitted.ok) return fitted
  const found = estimatedLoss(fitted.lossModel, after)
  return found.ok ? { ok: true, value: found.value, low: found.low, high: found.high, n: found.n } : found
}

async function sample(engine: TableEngine, table: Table, values: readonly string[]): Promise<number[][]> {
  const step = Math.max(1, Math.ceil(table.rows / ROWS))
  const { rows } = await reading(table.file, () =>
    engine.query<{ row: (number | null)[] }>(
      `SELECT [${values.join(', ')}] AS row FROM ${table.sql} WHERE _row_number % ${step} = 0 LIMIT ${ROWS}`,
    ),
  )
  return rows.map(({ row }) => row.map((value) => value ?? Number.NaN))
}
