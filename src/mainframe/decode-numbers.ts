// Over 200 lines: the forms of numbers, each one loop that must be quick; so the few lines that the loops share stand in
// each of them, and no call for every number.
import type { FieldType } from './field-type.ts'
import { fault, mark, type Rows } from './rows.ts'

/**
 * Numbers of a batch before they have their column's form: whole numbers without their decimal point. Up to 15 digits
 * they are in `narrow`, up to 18 digits and 64 bits in `wide`.
 */
export interface Digits {
  narrow: Float64Array
  wide: BigInt64Array
  words: Int32Array
  nulls: Uint8Array
}

export type DigitsReader = (
  rows: Rows,
  at: Uint32Array,
  offset: number,
  mask: Uint8Array | undefined,
  step: number,
  out: Digits,
) => void

export interface NumberForms {
  ascii: boolean
  /** byte order of COMP-5 and of IEEE floats */
  littleEndian: boolean
  /** a number whose bytes are all blank, LOW-VALUES or HIGH-VALUES has no value; else it is a fault */
  blankIsNull: boolean
}

const bad = 0x80
const minus = 0x10
const table = (value: (byte: number) => number) => Uint8Array.from({ length: 256 }, (_, byte) => value(byte))

const pairs = table((byte) => (byte >> 4 > 9 || (byte & 15) > 9 ? bad : (byte >> 4) * 10 + (byte & 15)))
const lastHalf = (signed: boolean) =>
  table((byte) => {
    const sign = byte & 15
    const digit = byte >> 4
    if (digit > 9 || sign < 10) return bad
    if (sign === 11 || sign === 13) return signed ? minus | digit : bad
    return digit
  })
const digitBytes = (ascii: boolean) =>
  table((byte) => (byte >> 4 === (ascii ? 3 : 15) && (byte & 15) < 10 ? byte & 15 : bad))
/** The last (or first) digit with its sign over it. */
const overpunched = (ascii: boolean, signed: boolean) =>
  table((byte) => {
    const digit = byte & 15
    if (!ascii) {
      const zone = byte >> 4
      if (digit > 9 || zone < 10) return bad
      return zone === 13 || zone === 11 ? (signed ? minus | digit : bad) : digit
    }
    if (byte >= 0x30 && byte <= 0x39) return digit
    // what EBCDIC's signs become when they are translated: { A–I and } J–R; other compilers set bit 6: p–y
    const positive = '{ABCDEFGHI'.indexOf(String.fromCharCode(byte))
    if (positive >= 0) return positive
    const negative = Math.max(
      '}JKLMNOPQR'.indexOf(String.fromCharCode(byte)),
      'pqrstuvwxy'.indexOf(String.fromCharCode(byte)),
    )
    return negative >= 0 && signed ? minus | negative : bad
  })

/** Whether all bytes are blanks, LOW-VALUES or HIGH-VALUES: what is in a field that nobody has filled. */
export function isBlank(bytes: Uint8Array, from: number, size: number, ascii: boolean): boolean {
  const first = bytes[from]!
  if (first !== (ascii ? 0x20 : 0x40) && first !== 0 && first !== 0xff) return false
  for (let i = 1; i < size; i++) if (bytes[from + i] !== first) return false
  return true
}

/** A reader for a number of up to 18 digits or 64 bits. */
export function digitsReader(type: FieldType, size: number, forms: NumberForms): DigitsReader {
  if (type.kind === 'packed') return packed(type, size, forms)
  if (type.kind === 'zoned') return zoned(type, size, forms)
  if (type.kind === 'binary') return binary(type, size, forms)
  throw new TypeError(type.kind)
}

/** Whether a field's numbers are in `narrow`. */
export const isNarrow = (type: FieldType, size: number): boolean =>
  type.kind === 'binary' ? size <= 6 : (type.kind === 'packed' || type.kind === 'zoned') && type.digits <= 15

function packed(type: Extract<FieldType, { kind: 'packed' }>, size: number, forms: NumberForms): DigitsReader {
  const last = lastHalf(type.signed)
  const whole = type.signNibble ? size - 1 : size
  const narrow = type.digits <= 15
  return (rows, at, offset, mask, step, out) => {
    const { bytes, count } = rows
    const values = out.narrow
    for (let i = 0; i < count; i++) {
      if (mask !== undefined && mask[i] === 0) {
        out.nulls[i] = 1
        continue
      }
      const from = at[i]! + offset
      let seen = 0
      let value = 0
      let high = 0
      // four bytes fit a small integer
      const middle = whole > 4 ? whole - 4 : 0
      for (let j = 0; j < middle; j++) {
        const pair = pairs[bytes[from + j]!]!
        seen |= pair
        high = high * 100 + pair
      }
      for (let j = middle; j < whole; j++) {
        const pair = pairs[bytes[from + j]!]!
        seen |= pair
        value = Math.imul(value, 100) + pair
      }
      let sign = 0
      if (type.signNibble) {
        const end = last[bytes[from + whole]!]!
        seen |= end & bad
        sign = end & minus
        if (seen < bad) {
          if (narrow) {
            const number = (high * 100_000_000 + value) * 10 + (end & 15)
            values[i] = sign === 0 ? number : -number
          } else {
            const number = BigInt(high) * 1_000_000_000n + BigInt(value * 10 + (end & 15))
            out.wide[i] = sign === 0 ? number : -number
          }
          continue
        }
      } else if (seen < bad) {
        if (narrow) values[i] = high * 100_000_000 + value
        else out.wide[i] = BigInt(high) * 100_000_000n + BigInt(value)
        continue
      }
      out.nulls[i] = 1
      if (!forms.blankIsNull || !isBlank(bytes, from, size, forms.ascii)) mark(rows, i, fault.packed, from, step)
    }
  }
}

function zoned(type: Extract<FieldType, { kind: 'zoned' }>, size: number, forms: NumberForms): DigitsReader {
  const { ascii } = forms
  const plain = digitBytes(ascii)
  const over = overpunched(ascii, type.signed)
  const signs = table((byte) => (byte === (ascii ? 0x2b : 0x4e) ? 0 : byte === (ascii ? 0x2d : 0x60) ? minus : bad))
  const { separate, leading, digits } = type
  const first = separate && leading ? 1 : 0
  const signAt = leading ? 0 : size - 1
  const narrow = digits <= 15
  // nine digits fit a small integer
  const split = digits > 9 ? digits - 9 : 0
  const space = ascii ? 0x20 : 0x40
  return (rows, at, offset, mask, step, out) => {
    const { bytes, count } = rows
    for (let i = 0; i < count; i++) {
      if (mask !== undefined && mask[i] === 0) {
        out.nulls[i] = 1
        continue
      }
      const from = at[i]! + offset
      let seen = 0
      let sign = 0
      let high = 0
      let value = 0
      if (!separate && !leading) {
        for (let j = 0; j < split && j < digits - 1; j++) {
          const digit = plain[bytes[from + j]!]!
          seen |= digit
          high = high * 10 + digit
        }
        for (let j = split; j < digits - 1; j++) {
          const digit = plain[bytes[from + j]!]!
          seen |= digit
          value = Math.imul(value, 10) + digit
        }
        const end = over[bytes[from + digits - 1]!]!
        sign = end & minus
        seen |= end & bad
        value = Math.imul(value, 10) + (end & 15)
      } else {
        const signed = separate ? signs[bytes[from + signAt]!]! : over[bytes[from]!]!
        sign = signed & minus
        seen |= signed & bad
        for (let j = 0; j < digits; j++) {
          const digit = !separate && j === 0 ? signed & 15 : plain[bytes[from + first + j]!]!
          seen |= digit
          if (j < split) high = high * 10 + digit
          else value = Math.imul(value, 10) + digit
        }
      }
      if (seen < bad) {
        if (narrow) {
          const number = high * 1e9 + value
          out.narrow[i] = sign === 0 ? number : -number
        } else {
          const number = BigInt(high) * 1_000_000_000n + BigInt(value)
          out.wide[i] = sign === 0 ? number : -number
        }
        continue
      }
      if (forms.blankIsNull && isBlank(bytes, from, size, ascii)) out.nulls[i] = 1
      else if (!rightAligned(rows, i, from, out)) {
        out.nulls[i] = 1
        mark(rows, i, fault.zoned, from, step)
      }
    }
  }

  /** Blanks in place of leading zeros, which programs that write text leave. */
  function rightAligned({ bytes }: Rows, row: number, from: number, out: Digits): boolean {
    let text = ''
    let negative = false
    for (let j = 0; j < size; j++) {
      const byte = bytes[from + j]!
      if (separate && j === signAt) {
        if (signs[byte] === bad && byte !== space) return false
        negative = signs[byte] === minus
        continue
      }
      if (byte === space && text === '') continue
      const digit = j === signAt && !separate ? over[byte]! : plain[byte]!
      if (digit >= bad) return false
      negative ||= (digit & minus) !== 0
      text += digit & 15
    }
    if (text === '') return false
    const value = BigInt(text)
    if (narrow) out.narrow[row] = negative ? -Number(value) : Number(value)
    else out.wide[row] = negative ? -value : value
    return true
  }
}

function binary(type: Extract<FieldType, { kind: 'binary' }>, size: number, forms: NumberForms): DigitsReader {
  const little = type.native && forms.littleEndian
  const { signed } = type
  return (rows, at, offset, mask, step, out) => {
    const { bytes, count } = rows
    const { narrow, words } = out
    for (let i = 0; i < count; i++) {
      if (mask !== undefined && mask[i] === 0) {
        out.nulls[i] = 1
        continue
      }
      const from = at[i]! + offset
      // the most significant byte first
      const next = little ? -1 : 1
      const start = little ? from + size - 1 : from
      if (size <= 4) {
        let value = 0
        for (let j = 0; j < size; j++) value = (value << 8) | bytes[start + j * next]!
        if (signed) value = (value << (32 - size * 8)) >> (32 - size * 8)
        narrow[i] = signed ? value : value >>> 0
        continue
      }
      let high = 0
      for (let j = 0; j < size - 4; j++) high = (high << 8) | bytes[start + j * next]!
      if (signed && size < 8) high = (high << (64 - size * 8)) >> (64 - size * 8)
      let low = 0
      for (let j = size - 4; j < size; j++) low = (low << 8) | bytes[start + j * next]!
      if (size <= 6) narrow[i] = high * 4294967296 + (low >>> 0)
      else if (!signed && high < 0) {
        out.nulls[i] = 1
        mark(rows, i, fault.large, from, step)
      } else {
        words[i * 2] = low
        words[i * 2 + 1] = high
      }
    }
  }
}
