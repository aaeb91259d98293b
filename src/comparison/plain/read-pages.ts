import { parquetHeader } from 'hyparquet/src/column.js'
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js'
import { byteStreamSplit } from 'hyparquet/src/encoding.js'
import { plainNumbers, plainTexts, type Texts } from './decode-values.ts'
import { decompress } from './decompress.ts'
import { NeedsEngine } from './needs-engine.ts'
import { type PlainColumn, type PlainFile, readAt } from './plain-file.ts'
import { createHybridReader, type HybridReader } from './unpack.ts'

/** Different values that rows point to. Exactly one of both is there. */
export interface Dictionary {
  size: number
  numbers?: Float64Array
  texts?: Texts
}

/**
 * Consecutive rows of a column; exactly one of `indices`, `numbers`, `texts` is there. What it holds is written over by the
 * next page of the column.
 */
export interface Page {
  firstRow: number
  rows: number
  /** 1 where a row has a value; undefined when all have one */
  present: Int32Array | undefined
  /** a row without a value points to `dictionary.size` */
  indices?: Int32Array
  dictionary?: Dictionary
  /** NaN where a row has no value */
  numbers?: Float64Array
  /** of the rows that have a value only */
  texts?: Texts
}

/** Rows of a page: so that what is worked on stays near the processor, however long the file's own pages are. */
const ROWS = 8192
/** Bytes of a column of a group of rows that are held at once. */
const LARGEST_PIECE = 2 ** 30
const BOOLS: Dictionary = { size: 2, numbers: Float64Array.of(0, 1) }

/** The pages of a column in the order of the rows. Throws `NeedsEngine` where they are not plain, or damaged. */
export function* readPages(file: PlainFile, column: PlainColumn): Generator<Page> {
  const most = Math.min(ROWS, file.rows)
  const levels = new Int32Array(most)
  const indices = new Int32Array(most)
  for (const { meta, firstRow, rows } of column.pieces) {
    // writers have set the offset of a dictionary to 0 where there is none
    const dictionaryAt = Number(meta.dictionary_page_offset ?? 0)
    const data = Number(meta.data_page_offset)
    const start = dictionaryAt > 0 ? Math.min(dictionaryAt, data) : data
    const length = Number(meta.total_compressed_size)
    if (start + length > file.bytes || length > LARGEST_PIECE) throw new NeedsEngine('a column is too large')
    const bytes = readAt(file.descriptor, start, length)
    const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }
    let dictionary: Dictionary | undefined
    for (let row = 0; row < rows; ) {
      const header = parquetHeader(reader)
      const size = header.compressed_page_size
      const body = bytes.subarray(reader.offset, reader.offset + size)
      if (size < 0 || body.length !== size) throw new NeedsEngine('a page is cut off')
      reader.offset += size
      if (header.dictionary_page_header) {
        const n = header.dictionary_page_header.num_values
        const values = decompress(meta.codec, body, header.uncompressed_page_size)
        dictionary =
          column.kind === 'text'
            ? { size: n, texts: plainTexts(values, 0, n) }
            : { size: n, numbers: plainNumbers(column, meta.type, values, 0, n) }
        continue
      }
      const page = openPage(column, meta.codec, header, body)
      if (page.rows <= 0 || row + page.rows > rows) throw new NeedsEngine('a page has too many rows')
      const take = valuesOf(column, meta.type, page, dictionary, indices)
      for (let done = 0; done < page.rows; done += ROWS) {
        const n = Math.min(ROWS, page.rows - done)
        const there = presence(page.levels, levels, n)
        const present = there === n ? undefined : levels
        yield { firstRow: firstRow + row + done, rows: n, present, ...spread(take(there), n, present) }
      }
      row += page.rows
    }
  }
}

interface OpenPage {
  rows: number
  encoding: string
  levels: HybridReader | undefined
  bytes: Buffer
  /** where the values begin */
  at: number
}

function openPage(
  { optional }: PlainColumn,
  codec: string,
  {
    data_page_header: first,
    data_page_header_v2: second,
    uncompressed_page_size: whole,
  }: ReturnType<typeof parquetHeader>,
  body: Buffer,
): OpenPage {
  if (first) {
    const bytes = decompress(codec, body, whole)
    const { num_values: rows, encoding } = first
    if (!optional) return { rows, encoding, levels: undefined, bytes, at: 0 }
    if (first.definition_level_encoding !== 'RLE') throw new NeedsEngine('old levels')
    const at = 4 + bytes.readUInt32LE(0)
    return { rows, encoding, levels: createHybridReader(bytes, 4, at, 1, 2), bytes, at }
  }
  if (!second) throw new NeedsEngine('a page of another kind')
  const length = second.definition_levels_byte_length
  const values = body.subarray(length)
  return {
    rows: second.num_values,
    encoding: second.encoding,
    levels: optional ? createHybridReader(body, 0, length, 1, 2) : undefined,
    bytes: second.is_compressed === false ? values : decompress(codec, values, whole - length),
    at: 0,
  }
}

/** How many of the next `n` rows have a value. */
function presence(reader: HybridReader | undefined, levels: Int32Array, n: number): number {
  if (!reader) return n
  reader.read(levels, n)
  let there = 0
  for (let i = 0; i < n; i++) there += levels[i]!
  return there
}

type Values = Pick<Page, 'indices' | 'dictionary' | 'numbers' | 'texts'>

/** Gives the next values of a page, as many as asked for. */
function valuesOf(
  column: PlainColumn,
  type: string,
  { encoding, bytes, at, rows }: OpenPage,
  dictionary: Dictionary | undefined,
  indices: Int32Array,
): (n: number) => Values {
  const pointing = (reader: HybridReader, to: Dictionary) => (n: number) => {
    reader.read(indices, n)
    return { indices, dictionary: to }
  }
  if (type === 'BOOLEAN') {
    if (encoding === 'RLE') return pointing(createHybridReader(bytes, at + 4, bytes.length, 1, 2), BOOLS)
    if (encoding !== 'PLAIN') throw new NeedsEngine(encoding)
    let next = 0
    return (n) => {
      for (let i = 0; i < n; i++, next++) indices[i] = (bytes[at + (next >> 3)]! >> (next & 7)) & 1
      return { indices, dictionary: BOOLS }
    }
  }
  if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY') {
    if (!dictionary) throw new NeedsEngine('an index without a value')
    return pointing(createHybridReader(bytes, at + 1, bytes.length, bytes[at] ?? 0, dictionary.size), dictionary)
  }
  let next = at
  if (column.kind === 'text') {
    if (encoding !== 'PLAIN') throw new NeedsEngine(encoding)
    return (n) => {
      const texts = plainTexts(bytes, next, n)
      if (n > 0) next = texts.ends[n - 1]!
      return { texts }
    }
  }
  const width = type === 'INT32' || type === 'FLOAT' ? 4 : 8
  if (encoding === 'PLAIN')
    return (n) => {
      const numbers = plainNumbers(column, type, bytes, next, n)
      next += n * width
      return { numbers }
    }
  // of a whole page at once: how many values it has is known from its rows only where none is missing
  const all = wholePage(column, type, encoding, bytes, at, rows)
  next = 0
  return (n) => {
    next += n
    return { numbers: all.subarray(next - n, next) }
  }
}

function wholePage(column: PlainColumn, type: string, encoding: string, bytes: Buffer, at: number, rows: number) {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: at }
  if (column.unsigned || column.optional) throw new NeedsEngine(encoding)
  if (encoding === 'BYTE_STREAM_SPLIT')
    return Float64Array.from(byteStreamSplit(reader, rows, type as 'DOUBLE', undefined) as Float64Array, Number)
  if (encoding !== 'DELTA_BINARY_PACKED') throw new NeedsEngine(encoding)
  const integers = type === 'INT32' ? new Int32Array(rows) : new BigInt64Array(rows)
  deltaBinaryUnpack(reader, rows, integers)
  return Float64Array.from(integers as Int32Array, Number)
}

/** Values at the rows that have them. */
function spread(values: Values, rows: number, present: Int32Array | undefined): Values {
  const { indices, dictionary, numbers } = values
  if (!present || values.texts) return values
  if (indices) {
    // from the end, in place: a value never moves to an earlier row
    let from = 0
    for (let row = 0; row < rows; row++) from += present[row]!
    for (let row = rows - 1; row >= 0; row--) indices[row] = present[row] === 1 ? indices[--from]! : dictionary!.size
    return values
  }
  const to = new Float64Array(rows).fill(Number.NaN)
  for (let row = 0, i = 0; row < rows; row++) if (present[row] === 1) to[row] = numbers![i++]!
  return { numbers: to }
}
