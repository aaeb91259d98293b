import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { LookupColumn } from '../../../contracts/feature-lookup.ts'
import { KedgeError } from '../../../errors.ts'
import { createFeatureTableBuilder, type FeatureTable } from './feature-table.ts'

export interface FeatureFile {
  /** a Parquet file */
  path: string
  key: string
  /** of several rows of one key that with the largest value in this column is the one */
  time?: string | undefined
  columns: readonly LookupColumn[]
}

type Cell = string | number | bigint | boolean | Date | Uint8Array | object | null | undefined

const textOf = (cell: Cell): string =>
  cell === null || cell === undefined ? '' : cell instanceof Date ? cell.toISOString() : String(cell)
const numberOf = (cell: Cell): number =>
  cell === null || cell === undefined ? Number.NaN : cell instanceof Date ? cell.getTime() : Number(cell)

/** Reads row group after row group, so that no more than one of them is in memory besides the table. Errors: `invalid_input`. */
export async function readFeatureTable({ path, key, time, columns }: FeatureFile): Promise<FeatureTable> {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const there = new Set(parquetSchema(metadata).children.map((child) => child.element.name))
  const wanted = [...new Set([key, ...(time === undefined ? [] : [time]), ...columns.map(({ name }) => name)])]
  const missing = wanted.filter((name) => !there.has(name))
  if (missing.length > 0)
    throw new KedgeError('invalid_input', { what: `The features have no column ${missing.join(', ')}` })
  const builder = createFeatureTableBuilder(columns)
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows)
    const cells = new Map(wanted.map((name) => [name, new Array<Cell>(rows)]))
    const first = rowStart
    await parquetRead({
      ...{ file, metadata, compressors, columns: wanted, rowStart: first, rowEnd: first + rows },
      onChunk({ columnName, columnData, rowStart: from }) {
        const target = cells.get(columnName)
        if (target) for (let i = 0; i < columnData.length; i++) target[from - first + i] = columnData[i] as Cell
      },
    })
    const keys = cells.get(key)!
    const moments = time === undefined ? undefined : cells.get(time)!
    const values = columns.map(({ name, type }) => {
      const column = cells.get(name)!
      return type === 'text' ? (row: number) => textOf(column[row]) : (row: number) => numberOf(column[row])
    })
    for (let row = 0; row < rows; row++) {
      const of = textOf(keys[row])
      if (of === '') continue
      const moment = moments ? numberOf(moments[row]) : 0
      builder.add(of, Number.isNaN(moment) ? Number.NEGATIVE_INFINITY : moment, (column) => values[column]!(row))
    }
    rowStart += rows
  }
  return builder.done()
}
