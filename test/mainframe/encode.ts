/** What a mainframe writes, for tests: as the manuals describe it, and without a look at what reads it. */
import { codePage, encodeText } from '../../src/mainframe/code-page.ts'

export const text = (value: string, size: number, page = '037'): Buffer => {
  const bytes = encodeText(value.padEnd(size), codePage(page))
  if (!bytes || bytes.length !== size) throw new Error(`${value} does not fit`)
  return Buffer.from(bytes)
}

/** UTF-16, as PIC N USAGE NATIONAL. */
export const national = (value: string, characters: number): Buffer =>
  Buffer.from(value.padEnd(characters), 'utf16le').swap16()

export function zoned(
  value: bigint,
  digits: number,
  sign: 'none' | 'trailing' | 'leading' | 'trailing separate' | 'leading separate' = 'none',
): Buffer {
  const negative = value < 0n
  const shown = String(negative ? -value : value).padStart(digits, '0')
  const bytes = Buffer.from(shown, 'latin1').map((byte) => byte - 0x30 + 0xf0)
  const mark = negative ? 0x60 : 0x4e
  if (sign === 'trailing separate') return Buffer.from([...bytes, mark])
  if (sign === 'leading separate') return Buffer.from([mark, ...bytes])
  const at = sign === 'leading' ? 0 : digits - 1
  if (sign !== 'none') bytes[at] = (bytes[at]! & 0x0f) | (negative ? 0xd0 : 0xc0)
  return Buffer.from(bytes)
}

export function packed(value: bigint, digits: number, signed = true): Buffer {
  const shown = String(value < 0n ? -value : value).padStart(digits + ((digits + 1) % 2), '0')
  return Buffer.from(`${shown}${signed ? (value < 0n ? 'd' : 'c') : 'f'}`, 'hex')
}

/** COMP-6: packed without a sign. */
export const packedWithoutSign = (value: bigint, digits: number): Buffer =>
  Buffer.from(String(value).padStart(digits + (digits % 2), '0'), 'hex')

export function binary(value: bigint, bytes: number, order: 'big' | 'little' = 'big'): Buffer {
  const out = Buffer.from(
    BigInt.asUintN(bytes * 8, value)
      .toString(16)
      .padStart(bytes * 2, '0'),
    'hex',
  )
  return order === 'big' ? out : out.reverse()
}

/** A double as hexadecimal floating point: its fraction is between 1/16 and 1, its exponent counts sixteens from 64 on. */
export function hexadecimalFloat(value: number, bytes: 4 | 8): Buffer {
  if (value === 0) return Buffer.alloc(bytes)
  let exponent = 64
  let fraction = Math.abs(value)
  while (fraction >= 1) {
    fraction /= 16
    exponent++
  }
  while (fraction < 1 / 16) {
    fraction *= 16
    exponent--
  }
  // all 53 bits of a double fit into the 56 of a fraction of at least 1/16
  const whole = BigInt(Math.round(fraction * 2 ** (bytes === 4 ? 24 : 56)))
  const out = binary(whole, bytes)
  out[0] = exponent | (value < 0 ? 0x80 : 0)
  return out
}

/** Records with record descriptor words. */
export const withDescriptors = (records: readonly Buffer[], { itself = true, little = false } = {}): Buffer =>
  Buffer.concat(
    records.flatMap((record) => {
      const head = Buffer.alloc(4)
      const length = record.length + (itself ? 4 : 0)
      if (little) head.writeUInt16LE(length)
      else head.writeUInt16BE(length)
      return [head, record]
    }),
  )

/** Blocks of so many records, each with a block descriptor word. */
export function withBlocks(records: readonly Buffer[], inBlock: number): Buffer {
  const blocks: Buffer[] = []
  for (let i = 0; i < records.length; i += inBlock) {
    const block = withDescriptors(records.slice(i, i + inBlock))
    const head = Buffer.alloc(4)
    // a length above 32,767 has the highest bit set and all four bytes
    if (block.length + 4 > 32_767) head.writeUInt32BE((block.length + 4 + 0x80000000) >>> 0)
    else head.writeUInt16BE(block.length + 4)
    blocks.push(head, block)
  }
  return Buffer.concat(blocks)
}
