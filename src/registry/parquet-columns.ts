import type { Column, ModelDescription } from '../contracts/model-runtime.ts'
import { KedgeError } from '../errors.ts'
import { loadParquet } from './load-parquet.ts'

export type Cell = string | number | bigint | boolean | Date | null | undefined | object

/** The rows of a Parquet file as one array for each column. Errors: `invalid_input` naming columns that are missing. */
export async function readParquet(
  path: string,
  columns: readonly string[],
): Promise<{ rows: number; cells: Map<string, Cell[]> }> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema, compressors } = await loadParquet()
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const there = new Set(parquetSchema(metadata).children.map((child) => child.element.name))
  const missing = columns.filter((column) => !there.has(column))
  if (missing.length > 0)
    throw new KedgeError('invalid_input', {
      what: `The rows have no column ${missing.join(', ')}, which the model needs`,
    })
  const rows = Number(metadata.num_rows)
  const cells = new Map(columns.map((column) => [column, new Array<Cell>(rows)]))
  await parquetRead({
    file,
    metadata,
    compressors,
    columns: [...columns],
    onChunk({ columnName, columnData, rowStart }) {
      const target = cells.get(columnName)
      if (!target) return
      for (let i = 0; i < columnData.length; i++) target[rowStart + i] = columnData[i] as Cell
    },
  })
  return { rows, cells }
}

/** Names of the columns of a Parquet file. */
export async function parquetColumns(path: string): Promise<Set<string>> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetSchema } = await loadParquet()
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path))
  return new Set(parquetSchema(metadata).children.map((child) => child.element.name))
}

/** A cell as a number: NaN for what is missing or is none; a time is its milliseconds since 1970. */
export function cellNumber(cell: Cell): number {
  if (typeof cell === 'number') return cell
  if (cell === null || cell === undefined) return Number.NaN
  if (cell instanceof Date) return cell.getTime()
  if (typeof cell === 'object') return Number.NaN
  if (typeof cell === 'string' && cell.trim() === '') return Number.NaN
  return Number(cell)
}

/** A cell as a text: '' for what is missing. */
export function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  if (cell instanceof Date) return cell.toISOString()
  return String(cell)
}

/** The features of rows `from` up to `to` (exclusive), in the order and types of the model's description. */
export function featureColumns(
  description: ModelDescription,
  cells: ReadonlyMap<string, readonly Cell[]>,
  from: number,
  to: number,
): Column[] {
  return description.features.map((feature) => {
    const column = cells.get(feature.name)!
    if (feature.type === 'category') return column.slice(from, to).map(cellText)
    const numbers = new Float64Array(to - from)
    for (let i = from; i < to; i++) numbers[i - from] = cellNumber(column[i])
    return numbers
  })
}

const isTrue = new Set(['1', 'true', 't', 'yes'])
const isFalse = new Set(['0', 'false', 'f', 'no'])

/** Whether a cell holds the label; `1`, `true` and `yes` are one label, so are their opposites. */
export function isLabel(cell: Cell, label: string): boolean {
  const text = cellText(cell)
  if (text === label) return true
  const [a, b] = [text.toLowerCase(), label.toLowerCase()]
  return (isTrue.has(a) && isTrue.has(b)) || (isFalse.has(a) && isFalse.has(b))
}
