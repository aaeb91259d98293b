import type { ConfusionMatrix } from '../statistics/confusion-matrix.ts'
import type { GroupCounts } from '../statistics/fairness.ts'
import type { PerformanceSums } from '../statistics/slice.ts'
import type { ScannedColumn } from './chunk-statement.ts'
import type { ProfiledColumns } from './profiled-columns.ts'
import type { Table } from './table.ts'
import type { TableFile } from './table-file.ts'
import type { ModelColumns } from './truth-statement.ts'

/** Pearson's correlations of columns over the `n` rows in which all are finite. */
export interface CorrelationMatrix {
  n: number
  matrix: (number | null)[][]
}

/** What a comparison asks of two files; rows of a file are cut into `chunks` equally long stretches. */
export interface TableReader {
  /** Errors: `table_unreadable`, `too_large`. */
  open(file: TableFile, side: 'reference' | 'current'): Promise<Table>
  profile(table: Table, chunks: number, columns: readonly ScannedColumn[]): Promise<ProfiledColumns>
  correlations(table: Table, columns: readonly ScannedColumn[]): Promise<CorrelationMatrix>
  /** How a binary classifier did in every chunk, in their order. */
  scoreSums(table: Table, chunks: number, model: ModelColumns): Promise<PerformanceSums[]>
  /** How a regression did in every chunk, in their order. */
  errorSums(table: Table, chunks: number, model: ModelColumns): Promise<PerformanceSums[]>
  confusions(table: Table, chunks: number, model: ModelColumns): Promise<ConfusionMatrix[]>
  /** The largest groups of a column; rows without a value are a group of their own, named ''. */
  largestGroups(table: Table, column: string): Promise<string[]>
  /** The counts of groups of every chunk, by `column=group`. */
  groupCounts(
    table: Table,
    chunks: number,
    model: ModelColumns,
    column: string,
    groups: readonly string[],
  ): Promise<Map<string, GroupCounts>[]>
  /** Rows evenly from the whole table, with the columns' numbers (NaN where there is none). */
  sampleRows(table: Table, columns: readonly ScannedColumn[], most: number): Promise<number[][]>
  close(): Promise<void>
}
