import { loadParquet } from '../../../registry/load-parquet.ts'
import { type Cell, cellText } from '../../../registry/parquet-columns.ts'
import type { RoutedView } from '../../routing.ts'
import { createViewRows, type InputRow, type ViewRowsParts } from './view-rows.ts'

export interface ViewBase {
  /** a Parquet file with `key`, `time` in microseconds and the inputs */
  path: string
  view: Pick<RoutedView, 'inputs' | 'features' | 'span' | 'ttl'>
  /** microseconds since 1970 */
  now: number
}

/** Reads the rows that the lookups of a view begin with, row group after row group. */
export async function readViewBase({ path, view, now }: ViewBase): Promise<ViewRowsParts> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetRead, compressors } = await loadParquet()
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const rows = createViewRows(view, [])
  const columns = ['key', 'time', ...view.inputs.map((_, i) => `i${i}`)]
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const count = Number(group.num_rows)
    const cells = columns.map(() => new Array<Cell>(count))
    const first = rowStart
    await parquetRead({
      ...{ file, metadata, compressors, columns, rowStart: first, rowEnd: first + count },
      onChunk({ columnName, columnData, rowStart: from }) {
        const target = cells[columns.indexOf(columnName)]
        if (target) for (let i = 0; i < columnData.length; i++) target[from - first + i] = columnData[i] as Cell
      },
    })
    const row: (string | number | null)[] = ['', 0, ...view.inputs.map(() => null)]
    for (let at = 0; at < count; at++) {
      row[0] = cellText(cells[0]![at])
      row[1] = Number(cells[1]![at])
      for (let i = 2; i < columns.length; i++) {
        const value = cells[i]![at]
        row[i] =
          value === null || value === undefined ? null : view.inputs[i - 2] === 'text' ? String(value) : Number(value)
      }
      rows.add(row as unknown as InputRow, now)
    }
    rowStart += count
  }
  return rows.parts()
}
