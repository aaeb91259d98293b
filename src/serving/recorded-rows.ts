import { KedgeError } from '../errors.ts'

/** What the rows of one record have in common; the start of the record, as JSON. */
export interface RecordedOrigin {
  project: string
  endpoint: string
  revision: number
  shadow: boolean
  caller: string
  /** in the order of the record's columns; 1 for a number, 0 for a category */
  features: [name: string, number: 0 | 1][]
}

/** A column of texts as UTF-8: text `row` is `bytes` from `ends[row]` to `ends[row + 1]`; '' is missing. */
export interface RecordedTexts {
  bytes: Buffer
  ends: Uint32Array
}

/** Rows that one revision answered together; every column has `count` values. */
export interface RecordedColumns {
  origin: RecordedOrigin
  count: number
  /** milliseconds since 1970 */
  receivedAt: number
  latencyUs: number
  /** event times, milliseconds since 1970 */
  times: Float64Array
  /** NaN is missing */
  scores: Float64Array
  ids: RecordedTexts
  labels: RecordedTexts
  /** in the order of the origin's features; of numbers NaN is missing */
  features: (Float64Array | RecordedTexts)[]
}

export const textAt = ({ bytes, ends }: RecordedTexts, row: number): string =>
  bytes.toString('utf8', ends[row], ends[row + 1])

/**
 * Rows that one revision answered together, as columns: nothing is turned into text, so that recording a batch costs little
 * more than a copy. Little-endian:
 *
 *     u32 length of what follows · u32 length, origin as JSON · u32 rows · f64 received at · u32 latency in µs
 *     f64 × rows times · f64 × rows scores · ids · labels · features in their order, numbers as f64 × rows
 *
 * A column of texts: u8 width w (1 or 4) · lengths in UTF-16 units, w bytes each · u32 bytes · the texts without separators.
 * NaN and '' stand for what is missing. Throws `invalid_input` with the number and the byte of a record that is none.
 */
export function readRecords(bytes: Buffer): RecordedColumns[] {
  const records: RecordedColumns[] = []
  for (let at = 0; at < bytes.length; ) {
    try {
      const end = at + 4 + bytes.readUInt32LE(at)
      if (end > bytes.length) throw new RangeError('it is cut off')
      records.push(readRecord(bytes.subarray(at + 4, end)))
      at = end
    } catch (cause) {
      throw new KedgeError(
        'invalid_input',
        { what: `Record ${records.length + 1} at byte ${at} holds no predictions: ${(cause as Error).message}` },
        { cause },
      )
    }
  }
  return records
}

function readRecord(bytes: Buffer): RecordedColumns {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  const u32 = () => {
    at += 4
    return view.getUint32(at - 4, true)
  }
  /** Where the next `length` bytes begin. */
  const pass = (length: number) => {
    if (at + length > bytes.length) throw new RangeError('a column is cut off')
    at += length
    return at - length
  }
  const json = u32()
  const start = pass(json)
  const origin = JSON.parse(bytes.toString('utf8', start, at)) as RecordedOrigin
  const count = u32()
  if (count > bytes.length) throw new RangeError('its number of rows is too large')
  const numbers = () => {
    const from = pass(8 * count)
    const column = new Float64Array(count)
    for (let row = 0; row < count; row++) column[row] = view.getFloat64(from + 8 * row, true)
    return column
  }
  const texts = (): RecordedTexts => {
    const wide = view.getUint8(pass(1)) !== 1
    const lengths = pass(wide ? 4 * count : count)
    const length = u32()
    const from = pass(length)
    const ends = new Uint32Array(count + 1)
    ends[0] = from
    let sum = 0
    for (let row = 0; row < count; row++) {
      sum += wide ? view.getUint32(lengths + 4 * row, true) : bytes[lengths + row]!
      ends[row + 1] = from + sum
    }
    if (sum !== length) findEnds(bytes, from, at, ends)
    return { bytes, ends }
  }
  const receivedAt = view.getFloat64(pass(8), true)
  const latencyUs = u32()
  const times = numbers()
  const scores = numbers()
  const ids = texts()
  const labels = texts()
  const features = origin.features.map(([, number]) => (number ? numbers() : texts()))
  if (at !== bytes.length) throw new RangeError('something follows its columns')
  return { origin, count, receivedAt, latencyUs, times, scores, ids, labels, features }
}

/** Not every character is one byte: turns `ends`, counted in UTF-16 units, into places of bytes. */
function findEnds(bytes: Buffer, from: number, to: number, ends: Uint32Array) {
  let at = from
  let unit = from
  for (let row = 1; row < ends.length; row++) {
    const end = ends[row]!
    while (unit < end) {
      const lead = bytes[at]!
      if (at >= to) throw new RangeError('a text is cut off')
      at += lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
      unit += lead < 0xf0 ? 1 : 2
    }
    ends[row] = at
  }
  if (at !== to) throw new RangeError('its texts have other lengths')
}
