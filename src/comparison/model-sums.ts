import type { ConfusionMatrix } from '../statistics/confusion-matrix.ts'
import type { GroupCounts } from '../statistics/fairness.ts'
import { noPerformance, type PerformanceSums } from '../statistics/slice.ts'
import { quoteName } from './chunk-statement.ts'
import { reading } from './open-table.ts'
import { type ErrorSums, ofErrors, ofScores, type ScoreSums } from './performance-sums.ts'
import type { Table } from './table.ts'
import type { TableEngine } from './table-engine.ts'
import {
  confusionStatement,
  errorStatement,
  groupStatement,
  type ModelColumns,
  scoreStatement,
} from './truth-statement.ts'

type Pairs = [number, number][]

type ScoreRow = Omit<ScoreSums, 'positiveScores' | 'negativeScores'> & {
  chunk: number
  positiveScores: Pairs
  negativeScores: Pairs
}

/** How a binary classifier did in every chunk, in their order. */
export async function scoreSums(
  engine: TableEngine,
  table: Table,
  chunks: number,
  model: ModelColumns,
): Promise<PerformanceSums[]> {
  const { rows } = await reading(table.file, () => engine.query<ScoreRow>(scoreStatement(table, chunks, model)))
  return byChunk(rows, chunks).map((row) =>
    row === undefined
      ? noPerformance
      : ofScores({
          ...row,
          positiveScores: new Map(row.positiveScores),
          negativeScores: new Map(row.negativeScores),
        }),
  )
}

/** The rows by their chunk; undefined where a chunk has none. */
function byChunk<Row extends { chunk: number }>(rows: readonly Row[], chunks: number): (Row | undefined)[] {
  const found = new Map(rows.map((row) => [row.chunk, row]))
  return Array.from({ length: chunks }, (_, i) => found.get(i))
}

/** How a regression did in every chunk, in their order. */
export async function errorSums(
  engine: TableEngine,
  table: Table,
  chunks: number,
  model: ModelColumns,
): Promise<PerformanceSums[]> {
  const { rows } = await reading(table.file, () => engine.query<ErrorSums>(errorStatement(table, chunks, model)))
  return rows.map(ofErrors)
}

/** The confusion of every chunk, in their order. */
export async function confusions(
  engine: TableEngine,
  table: Table,
  chunks: number,
  model: ModelColumns,
): Promise<ConfusionMatrix[]> {
  const { rows } = await reading(table.file, () =>
    engine.query<{ chunk: number; actual: string; predicted: string; n: number }>(
      confusionStatement(table, chunks, model),
    ),
  )
  const found = Array.from({ length: chunks }, () => new Map<string, Map<string, number>>())
  for (const { chunk, actual, predicted, n } of rows) {
    const row = found[chunk]!.get(actual) ?? new Map<string, number>()
    row.set(predicted, (row.get(predicted) ?? 0) + n)
    found[chunk]!.set(actual, row)
  }
  return found
}

/** The counts of groups of every chunk, by `column=group`. */
export async function groupCounts(
  engine: TableEngine,
  table: Table,
  chunks: number,
  model: ModelColumns,
  column: string,
  groups: readonly string[],
): Promise<Map<string, GroupCounts>[]> {
  const { rows } = await reading(table.file, () =>
    engine.query<GroupCounts & { chunk: number; group: string }>(groupStatement(table, chunks, model, column, groups)),
  )
  const found = Array.from({ length: chunks }, () => new Map<string, GroupCounts>())
  for (const { chunk, group, ...counts } of rows) found[chunk]!.set(`${column}=${group}`, counts)
  return found
}

const MOST_GROUPS = 20

/** The largest groups of a column; rows without a value are a group of their own, named ''. */
export async function largestGroups(engine: TableEngine, table: Table, column: string): Promise<string[]> {
  const { rows } = await reading(table.file, () =>
    engine.query<{ group: string }>(
      `SELECT ifNull(toString(${quoteName(column)}), '') AS group, count() AS n FROM ${table.sql} GROUP BY group ORDER BY n DESC, group LIMIT ${MOST_GROUPS}`,
    ),
  )
  return rows.map((row) => row.group)
}
