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

type Cell = string | number | boolean | null

/** A value as a cell: bytes are base64, times ISO 8601, large whole numbers text, and what is nested is a text of JSON. */
export function cell(value: unknown): Cell {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? value : value.toWellFormed()
    case 'number':
    case 'boolean':
      return value
    case 'bigint':
      return value.toString()
    case 'object':
      if (value === null) return null
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
      if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
      return JSON.stringify(value, nested).toWellFormed()
    default:
      return null
  }
}

/** A line of a chunk: the time of receipt and the cells. */
export const lineOf = (cells: readonly Cell[]): string => `${JSON.stringify(cells)}\n`

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
    places.set(name, columns.length)
    columns.push(name.isWellFormed() ? name : name.toWellFormed())
    return columns.length - 1
  }
  /** where a field of a payload goes; -1: among the others */
  const fields = new Map<string, number>()
  function fieldPlace(name: string, own: Record<string, unknown>): number {
    const isFree = name !== '' && name.charCodeAt(0) !== 95 && !Object.hasOwn(own, name)
    const place = placeOf(isFree ? name : `payload_${name}`) ?? -1
    // names that devices invent would fill the memory
    if (place >= 0) fields.set(name, place)
    return place
  }

  /** Cells in any order, and fields that have no column. */
  function scattered(receivedAt: number, own: Record<string, unknown>, payload: Record<string, unknown>): string {
    const cells: Cell[] = [receivedAt]
    const put = (place: number, value: unknown) => {
      while (cells.length <= place + 1) cells.push(null)
      cells[place + 1] = cell(value)
    }
    let others: Record<string, unknown> | undefined
    for (const name in own) put(placeOf(name)!, own[name])
    for (const name of Object.keys(payload)) {
      const place = fields.get(name) ?? fieldPlace(name, own)
      if (place >= 0) put(place, payload[name])
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
    return lineOf(cells)
  }

  /** The same for cells that come in the order of the columns, as they nearly always do; undefined when they do not. */
  function inOrder(
    receivedAt: number,
    own: Record<string, unknown>,
    payload: Record<string, unknown>,
  ): string | undefined {
    const cells: Cell[] = [receivedAt]
    for (const name in own) {
      const place = places.get(name)
      if (place === undefined || place < cells.length - 1) return undefined
      while (cells.length <= place) cells.push(null)
      cells.push(cell(own[name]))
    }
    for (const name of Object.keys(payload)) {
      const place = fields.get(name)
      if (place === undefined || place < cells.length - 1) return undefined
      while (cells.length <= place) cells.push(null)
      cells.push(cell(payload[name]))
    }
    return lineOf(cells)
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
      const line = inOrder(receivedAt, own, payload) ?? scattered(receivedAt, own, payload)
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
