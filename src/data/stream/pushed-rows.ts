import { type PayloadRow, parseExact } from '../../contracts/payload.ts'
import { KedgeError } from '../../errors.ts'

/** One row as it was sent, or what is wrong with it. */
export interface PushedRow {
  /** its bytes, for the dead letters */
  payload: Uint8Array
  row?: PayloadRow
  fault?: string
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const isRow = (value: unknown): value is PayloadRow =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Rows of a body: JSON Lines, or JSON with a list of objects or one. A line that is wrong is its own fault. Errors: `invalid_input` when the whole cannot be read. */
export function pushedRows(body: Uint8Array, form: 'lines' | 'json'): PushedRow[] {
  if (form === 'lines') return linesOf(body).map(lineRow)
  let value: unknown
  try {
    value = parseExact(utf8.decode(body))
  } catch (error) {
    throw new KedgeError('invalid_input', { what: `The body is not valid JSON: ${(error as Error).message}` })
  }
  const items = Array.isArray(value) ? value : [value]
  return items.map((item) => {
    const payload = () =>
      Buffer.from(JSON.stringify(item, (_key, inner) => (typeof inner === 'bigint' ? String(inner) : inner)))
    return isRow(item) ? { payload: new Uint8Array(), row: item } : { payload: payload(), fault: 'is no object' }
  })
}

function linesOf(body: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = []
  for (let at = 0; at < body.length; ) {
    const found = body.indexOf(10, at)
    const end = found < 0 ? body.length : found
    const line = body.subarray(at, end)
    if (line.some((byte) => byte > 32)) lines.push(line)
    at = end + 1
  }
  return lines
}

function lineRow(payload: Uint8Array): PushedRow {
  try {
    const value = parseExact(utf8.decode(payload))
    return isRow(value) ? { payload, row: value } : { payload, fault: 'is no object' }
  } catch (error) {
    const what =
      error instanceof SyntaxError ? `is not valid JSON: ${error.message.slice(0, 160)}` : 'is not valid UTF-8'
    return { payload, fault: what }
  }
}
