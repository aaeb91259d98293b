import { NeedsEngine } from './needs-engine.ts'
import type { PlainColumn } from './plain-file.ts'

/** Texts without a copy: where each begins and ends in the bytes of its page. */
export interface Texts {
  bytes: Buffer
  starts: Int32Array
  ends: Int32Array
}

const TWO_32 = 2 ** 32

/** Numbers laid end to end: of 64 bits rounded to the nearest double, as the engine does. */
export function plainNumbers(column: PlainColumn, type: string, bytes: Buffer, from: number, n: number): Float64Array {
  const width = type === 'INT32' || type === 'FLOAT' ? 4 : 8
  if (from + n * width > bytes.length) throw new NeedsEngine('a page is too short')
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, n * width)
  if (type === 'DOUBLE' && (bytes.byteOffset + from) % 8 === 0)
    return new Float64Array(bytes.buffer, bytes.byteOffset + from, n)
  const values = new Float64Array(n)
  if (type === 'DOUBLE') for (let i = 0; i < n; i++) values[i] = view.getFloat64(i * 8, true)
  else if (type === 'FLOAT') for (let i = 0; i < n; i++) values[i] = view.getFloat32(i * 4, true)
  else if (type === 'INT32' && column.unsigned) for (let i = 0; i < n; i++) values[i] = view.getUint32(i * 4, true)
  else if (type === 'INT32') for (let i = 0; i < n; i++) values[i] = view.getInt32(i * 4, true)
  else if (column.unsigned)
    for (let i = 0; i < n; i++) values[i] = view.getUint32(i * 8 + 4, true) * TWO_32 + view.getUint32(i * 8, true)
  else for (let i = 0; i < n; i++) values[i] = view.getInt32(i * 8 + 4, true) * TWO_32 + view.getUint32(i * 8, true)
  return values
}

/** Texts with their lengths before them. */
export function plainTexts(bytes: Buffer, from: number, n: number): Texts {
  const starts = new Int32Array(n)
  const ends = new Int32Array(n)
  let at = from
  for (let i = 0; i < n; i++) {
    if (at + 4 > bytes.length) throw new NeedsEngine('a page is too short')
    const length = bytes.readUInt32LE(at)
    at += 4
    starts[i] = at
    at += length
    if (at > bytes.length) throw new NeedsEngine('a page is too short')
    ends[i] = at
  }
  return { bytes, starts, ends }
}
