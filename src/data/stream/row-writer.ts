import { constants, zstdCompressSync } from 'node:zlib'

/** More names than this are no columns: devices that invent names would make tables that nobody can read. */
const mostColumns = 1000
const longestName = 200
/** column with what is beyond `mostColumns`, as JSON */
const otherColumn = '_other'

export interface WrittenRows {
  rows: number
  /** before it was compressed */
  bytes: number
  /** rows as JSON arrays, one a line, zstd */
  data: Uint8Array
}

export interface RowWriter {
  /** names in the order of the cells after the first, which is the time of receipt; only grows */
  readonly columns: readonly string[]
  readonly rows: number
  /** characters of the rows that wait */
  readonly size: number
  /** `own` are columns of the stream itself, which are among `known`: a field of the payload with the name of one becomes `payload_NAME`. */
  add(receivedAt: number, own: Record<string, unknown>, payload: Record<string, unknown>): void
  /** Gives the rows that were added since and begins anew. */
  take(): WrittenRows
}

const nested = (_key: string, value: unknown) =>
  typeof value === 'bigint'
    ? value.toString()
    : value instanceof Uint8Array
      ? Buffer.from(value).toString('base64')
      : value

const text = (value: string) => JSON.stringify(value.isWellFormed() ? value : value.toWellFormed())

/** A value as a cell: JSON, in which bytes are base64, times ISO 8601, and what is nested is a text of JSON. */
export function cell(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return text(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null'
    case 'boolean':
      return value ? 'true' : 'false'
    case 'bigint':
      return `"${value}"`
    case 'object':
      if (value === null) return 'null'
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'null' : `"${value.toISOString()}"`
      if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`
      return text(JSON.stringify(value, nested))
    default:
      return 'null'
  }
}

/** Packs lines of JSON arrays. */
export function packLines(lines: readonly string[]): WrittenRows {
  const raw = Buffer.from(lines.join(''))
  return {
    rows: lines.length,
    bytes: raw.length,
    data: zstdCompressSync(raw, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  }
}

/** Writes rows of any fields as lines of cells, and finds the columns on the way; `known` are those found before. */
export function createRowWriter(known: readonly string[]): RowWriter {
  const columns = [...known]
  const places = new Map(columns.map((name, i) => [name, i]))
  let lines: string[] = []
  let size = 0

  function placeOf(name: string): number | undefined {
    const place = places.get(name)
    if (place !== undefined) return place
    if (name.length > longestName || columns.length >= mostColumns) return undefined
    const plain = name.isWellFormed() ? name : name.toWellFormed()
    places.set(name, columns.length)
    columns.push(plain)
    return columns.length - 1
  }

  return {
    columns,
    get rows() {
      return lines.length
    },
    get size() {
      return size
    },
    add(receivedAt, own, payload) {
      const cells: string[] = new Array(columns.length).fill('null')
      const put = (place: number, value: unknown) => {
        while (cells.length <= place) cells.push('null')
        cells[place] = cell(value)
      }
      let others: Record<string, unknown> | undefined
      for (const name in own) put(placeOf(name)!, own[name])
      for (const name in payload) {
        if (!Object.hasOwn(payload, name)) continue
        const free = name !== '' && name.charCodeAt(0) !== 95 && !Object.hasOwn(own, name)
        const place = placeOf(free ? name : `payload_${name}`)
        if (place !== undefined) put(place, payload[name])
        else {
          others ??= {}
          others[name] = payload[name]
        }
      }
      if (others) {
        // there is always room for this one
        if (!places.has(otherColumn)) {
          places.set(otherColumn, columns.length)
          columns.push(otherColumn)
        }
        put(places.get(otherColumn)!, others)
      }
      const line = `[${receivedAt},${cells.join(',')}]\n`
      lines.push(line)
      size += line.length
    },
    take() {
      const written = packLines(lines)
      lines = []
      size = 0
      return written
    },
  }
}
