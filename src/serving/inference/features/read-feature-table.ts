import type { LookupColumn } from '../../../contracts/feature-lookup.ts'
import { KedgeError } from '../../../errors.ts'
import { loadParquet } from '../../../registry/load-parquet.ts'
import { type Cell, cellNumber, cellText } from '../../../registry/parquet-columns.ts'
import { createFeatureTableBuilder, type FeatureTable } from './feature-table.ts'

export interface FeatureFile {
  /** a Parquet file */
  path: string
  key: string
  /** of several rows of one key that with the largest value in this column is the one */
  time?: string | undefined
  columns: readonly LookupColumn[]
}

/** Reads row group after row group, so that no more than one of them is in memory besides the table. Errors: `invalid_input`. */
export async function readFeatureTable({ path, key, time, columns }: FeatureFile): Promise<FeatureTable> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema, compressors } = await loadParquet()
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
      return type === 'text' ? (row: number) => cellText(column[row]) : (row: number) => cellNumber(column[row])
    })
    for (let row = 0; row < rows; row++) {
      const of = cellText(keys[row])
      if (of === '') continue
      const moment = moments ? cellNumber(moments[row]) : 0
      builder.add(of, Number.isNaN(moment) ? Number.NEGATIVE_INFINITY : moment, (column) => values[column]!(row))
    }
    rowStart += rows
  }
  return builder.done()
}
