import { KedgeError } from '../errors.ts'

/** A prediction as it is taken into the events store, without the endpoint. */
export interface RecordedRow {
  id: string
  time: number
  receivedAt: number
  revision: number
  shadow: boolean
  caller: string
  latencyUs: number
  features: Record<string, number | string | null>
  score: number | null
  label: string
}

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

/**
 * Rows that one revision answered together, as columns: nothing is turned into text, so that recording a batch costs little
 * more than a copy. Little-endian:
 *
 *     u32 length of what follows · u32 length, origin as JSON · u32 rows · f64 received at · u32 latency in µs
 *     f64 × rows times · f64 × rows scores · ids · labels · features in their order, numbers as f64 × rows
 *
 * A column of texts: u8 width w (1 or 4) · lengths in UTF-16 units, w bytes each · u32 bytes · the texts without separators.
 * NaN and '' stand for what is missing.
 */
export function decodeRecordedRows(bytes: Buffer): { project: string; endpoint: string; rows: RecordedRow[] }[] {
  const groups = new Map<string, { project: string; endpoint: string; rows: RecordedRow[] }>()
  let record = 0
  for (let at = 0; at < bytes.length; ) {
    record++
    try {
      const end = at + 4 + bytes.readUInt32LE(at)
      if (end > bytes.length) throw new RangeError('it is cut off')
      const { origin, rows } = decodeRecord(bytes.subarray(at + 4, end))
      const key = `${origin.project}/${origin.endpoint}`
      const group = groups.get(key)
      if (group) for (const row of rows) group.rows.push(row)
      else groups.set(key, { project: origin.project, endpoint: origin.endpoint, rows })
      at = end
    } catch (cause) {
      throw new KedgeError(
        'invalid_input',
        { what: `Record ${record} at byte ${at} holds no predictions: ${(cause as Error).message}` },
        { cause },
      )
    }
  }
  return [...groups.values()]
}

function decodeRecord(bytes: Buffer): { origin: RecordedOrigin; rows: RecordedRow[] } {
  let at = 0
  const u32 = () => {
    at += 4
    return bytes.readUInt32LE(at - 4)
  }
  const f64 = () => {
    at += 8
    return bytes.readDoubleLE(at - 8)
  }
  const text = (length: number) => {
    if (at + length > bytes.length) throw new RangeError('a text is cut off')
    at += length
    return bytes.toString('utf8', at - length, at)
  }
  const origin = JSON.parse(text(u32())) as RecordedOrigin
  const n = u32()
  if (n > bytes.length) throw new RangeError('its number of rows is too large')
  const numbers = () => Array.from({ length: n }, f64)
  const texts = () => {
    const width = bytes.readUInt8(at++)
    const lengths = Array.from({ length: n }, () => (width === 1 ? bytes.readUInt8(at++) : u32()))
    const all = text(u32())
    let start = 0
    return lengths.map((length) => {
      start += length
      return all.slice(start - length, start)
    })
  }
  const receivedAt = f64()
  const latencyUs = u32()
  const times = numbers()
  const scores = numbers()
  const ids = texts()
  const labels = texts()
  const columns = origin.features.map(([, number]) => (number ? numbers() : texts()))
  if (at !== bytes.length) throw new RangeError('something follows its columns')
  const { revision, shadow, caller } = origin
  const rows = ids.map((id, row): RecordedRow => {
    const features: RecordedRow['features'] = {}
    for (let i = 0; i < columns.length; i++) {
      const value = columns[i]![row]!
      features[origin.features[i]![0]] = value === '' || Number.isNaN(value) ? null : value
    }
    const score = scores[row]!
    return {
      id,
      time: times[row]!,
      receivedAt,
      revision,
      shadow,
      caller,
      latencyUs,
      score: Number.isFinite(score) ? score : null,
      label: labels[row]!,
      features,
    }
  })
  return { origin, rows }
}
