/** How a column's values are kept, little-endian as the events engine takes them. */
export type Storage = 'int' | 'float' | 'text' | 'date' | 'time'

/** Values of one column for the rows of one batch; grows, and is used again for the next batch. */
export interface ColumnValues {
  storage: Storage
  /** 1 where there is no value; the value at that place says nothing */
  nulls: Uint8Array
  /** int: two halves of 64 bits, the lower first; time: the same, microseconds since 1970; date: one, days since 1970 */
  words: Int32Array
  /** the halves as one */
  wide: BigInt64Array
  floats: Float64Array
  /** text: each value as its length (LEB128) and that many bytes of UTF-8 */
  bytes: Uint8Array
  used: number
}

export const createColumnValues = (storage: Storage): ColumnValues => ({
  storage,
  nulls: new Uint8Array(0),
  words: new Int32Array(0),
  wide: new BigInt64Array(0),
  floats: new Float64Array(0),
  bytes: new Uint8Array(0),
  used: 0,
})

/** Makes place for so many rows, all of them with a value; `textBytes` is the most that one text takes. */
export function prepareColumn(column: ColumnValues, rows: number, textBytes: number): void {
  column.used = 0
  if (column.nulls.length < rows) {
    const size = Math.ceil(rows * 1.25)
    column.nulls = new Uint8Array(size)
    if (column.storage === 'int' || column.storage === 'time') {
      column.wide = new BigInt64Array(size)
      column.words = new Int32Array(column.wide.buffer)
    } else if (column.storage === 'date') column.words = new Int32Array(size)
    else if (column.storage === 'float') column.floats = new Float64Array(size)
  } else column.nulls.fill(0, 0, rows)
  // three bytes of UTF-8 for one of the file, and the length
  if (column.storage === 'text' && column.bytes.length < rows * textBytes)
    column.bytes = new Uint8Array(Math.ceil(rows * textBytes * 1.25))
}

/** Appends a text to a text column. */
export function appendText(column: ColumnValues, value: Uint8Array): void {
  column.used = writeLength(column.bytes, column.used, value.length)
  column.bytes.set(value, column.used)
  column.used += value.length
}

/** Writes a length as LEB128; gives the place after it. */
export function writeLength(bytes: Uint8Array, at: number, length: number): number {
  let place = at
  let rest = length
  while (rest >= 0x80) {
    bytes[place++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[place++] = rest
  return place
}

/** The values of a column as JavaScript has them: for people, not for volume. Dates and times are ISO text. */
export function readColumn(column: ColumnValues, rows: number): (number | bigint | string | null)[] {
  const found: (number | bigint | string | null)[] = []
  let place = 0
  for (let i = 0; i < rows; i++) {
    let value: number | bigint | string
    if (column.storage === 'text') {
      let length = 0
      for (let shift = 0; ; shift += 7) {
        const byte = column.bytes[place++]!
        length |= (byte & 0x7f) << shift
        if (byte < 0x80) break
      }
      value = Buffer.from(column.bytes.buffer, column.bytes.byteOffset + place, length).toString('utf8')
      place += length
    } else if (column.storage === 'float') value = column.floats[i]!
    else if (column.storage === 'date') value = new Date(column.words[i]! * 86_400_000).toISOString().slice(0, 10)
    else {
      const wide = column.wide[i]!
      if (column.storage === 'int') value = Number.isSafeInteger(Number(wide)) ? Number(wide) : wide
      else
        value = `${new Date(Number(wide / 1000n)).toISOString().slice(0, -1)}${String(((wide % 1000n) + 1000n) % 1000n).padStart(3, '0')}Z`
    }
    found.push(column.nulls[i] === 1 ? null : value)
  }
  return found
}
