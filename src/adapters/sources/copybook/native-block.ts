import { type ColumnValues, type Storage, writeLength } from '../../../mainframe/column-values.ts'

/** Types of the events engine. */
export const engineTypes: Record<Storage, string> = {
  int: 'Nullable(Int64)',
  float: 'Nullable(Float64)',
  text: 'Nullable(String)',
  date: 'Nullable(Date32)',
  time: "Nullable(DateTime64(6, 'UTC'))",
}

const word = (text: string) => {
  const bytes = Buffer.from(text)
  const head = new Uint8Array(5)
  return Buffer.concat([head.subarray(0, writeLength(head, 0, bytes.length)), bytes])
}
/** What stands before a column's values. */
export const columnHead = (name: string, type: string): Uint8Array => Buffer.concat([word(name), word(type)])

/** What stands before the columns of a block (the engine's format Native). */
export function blockHead(columns: number, rows: number): Uint8Array {
  const head = new Uint8Array(10)
  return head.subarray(0, writeLength(head, writeLength(head, 0, columns), rows))
}

const asBytes = ({ buffer, byteOffset }: ArrayBufferView, length: number) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, length)

/** A column's values as the engine takes them, without a copy. */
export function columnBody(column: ColumnValues, rows: number): Uint8Array[] {
  const nulls = column.nulls.subarray(0, rows)
  switch (column.storage) {
    case 'text':
      return [nulls, column.bytes.subarray(0, column.used)]
    case 'float':
      return [nulls, asBytes(column.floats, rows * 8)]
    case 'date':
      return [nulls, asBytes(column.words, rows * 4)]
    default:
      return [nulls, asBytes(column.words, rows * 8)]
  }
}
