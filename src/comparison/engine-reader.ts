import { numberOf } from './chunk-statement.ts'
import { confusions, errorSums, groupCounts, largestGroups, scoreSums } from './model-sums.ts'
import { openTable, reading } from './open-table.ts'
import { profileColumns } from './profile-columns.ts'
import { openTableEngine } from './table-engine.ts'
import type { CorrelationMatrix, TableReader } from './table-reader.ts'

/** Reads tables with the SQL engine in this process; `memory` bytes are its limit, half of the machine's when absent. */
export async function openEngineReader(memory?: number): Promise<TableReader> {
  const engine = await openTableEngine(memory)
  return {
    open: (file, side) => openTable(engine, file, side),
    profile: (table, chunks, columns) => profileColumns(engine, table, chunks, columns),
    async correlations(table, columns) {
      const values = columns.map(numberOf)
      const { rows } = await reading(table.file, () =>
        engine.query<CorrelationMatrix>(
          `SELECT count() AS n, corrMatrix(${values.join(', ')}) AS matrix FROM ${table.sql} WHERE ${values.map((x) => `isFinite(${x})`).join(' AND ')}`,
        ),
      )
      return rows[0]!
    },
    scoreSums: (table, chunks, model) => scoreSums(engine, table, chunks, model),
    errorSums: (table, chunks, model) => errorSums(engine, table, chunks, model),
    confusions: (table, chunks, model) => confusions(engine, table, chunks, model),
    largestGroups: (table, column) => largestGroups(engine, table, column),
    groupCounts: (table, chunks, model, column, groups) => groupCounts(engine, table, chunks, model, column, groups),
    async sampleRows(table, columns, most) {
      const step = Math.max(1, Math.ceil(table.rows / most))
      const { rows } = await reading(table.file, () =>
        engine.query<{ row: (number | null)[] }>(
          `SELECT [${columns.map(numberOf).join(', ')}] AS row FROM ${table.sql} WHERE _row_number % ${step} = 0 LIMIT ${most}`,
        ),
      )
      return rows.map(({ row }) => row.map((value) => value ?? Number.NaN))
    },
    close: () => engine.close(),
  }
}
