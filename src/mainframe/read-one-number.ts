import { type CodePage, noCharacter } from './code-page.ts'
import { isBlank, type NumberForms } from './decode-numbers.ts'
import type { FieldType } from './field-type.ts'

/** Digits of a packed or zoned number with its sign; undefined when a byte is none of them. */
function digitsOf(
  bytes: Uint8Array,
  from: number,
  size: number,
  type: Extract<FieldType, { kind: 'packed' | 'zoned' }>,
  ascii: boolean,
): { text: string; negative: boolean } | undefined {
  let text = ''
  let negative = false
  if (type.kind === 'packed') {
    for (let i = from; i < from + size; i++) {
      const [high, low] = [bytes[i]! >> 4, bytes[i]! & 15]
      if (high > 9) return undefined
      text += high
      if (type.signNibble && i === from + size - 1) {
        if (low < 10) return undefined
        negative = low === 11 || low === 13
      } else if (low > 9) return undefined
      else text += low
    }
  } else {
    let begun = false
    for (let i = 0; i < size; i++) {
      const byte = bytes[from + i]!
      const signHere = i === (type.leading ? 0 : size - 1)
      if (type.separate && signHere) {
        if (byte !== (ascii ? 0x2b : 0x4e) && byte !== (ascii ? 0x2d : 0x60)) return undefined
        negative = byte === (ascii ? 0x2d : 0x60)
        continue
      }
      // blanks in place of leading zeros, which programs that write text leave
      if (byte === (ascii ? 0x20 : 0x40) && !signHere && !begun) {
        text += '0'
        continue
      }
      begun = true
      let digit = byte & 15
      const zone = byte >> 4
      if (!ascii) {
        if (digit > 9 || (signHere ? zone < 10 : zone !== 15)) return undefined
        if (signHere) negative = zone === 13 || zone === 11
      } else if (zone !== 3 || digit > 9) {
        if (!signHere) return undefined
        const character = String.fromCharCode(byte)
        const positive = '{ABCDEFGHI'.indexOf(character)
        digit = Math.max(positive, '}JKLMNOPQR'.indexOf(character), 'pqrstuvwxy'.indexOf(character))
        if (digit < 0) return undefined
        negative = positive < 0
      }
      text += digit
    }
  }
  if (negative && !type.signed) return undefined
  return { text, negative }
}

/**
 * One number as decimal text with all its digits; null where it is blank, undefined where it is no number. Takes also
 * edited numbers.
 */
export function readDecimal(
  bytes: Uint8Array,
  from: number,
  size: number,
  type: FieldType,
  page: CodePage,
  forms: NumberForms,
  comma: boolean,
): string | null | undefined {
  if (type.kind === 'edited') return edited(bytes, from, size, type.scale, page, comma)
  if (type.kind === 'binary') {
    const little = type.native && forms.littleEndian
    let value = 0n
    for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(bytes[little ? from + size - 1 - i : from + i]!)
    if (type.signed) value = BigInt.asIntN(size * 8, value)
    return decimal(String(value < 0n ? -value : value), type.scale, value < 0n)
  }
  if (type.kind !== 'packed' && type.kind !== 'zoned') return undefined
  const found = digitsOf(bytes, from, size, type, page.ascii)
  if (found) return decimal(found.text, type.scale, found.negative)
  return forms.blankIsNull && isBlank(bytes, from, size, page.ascii) ? null : undefined
}

function decimal(digits: string, scale: number, negative: boolean): string {
  const all = scale < 0 ? digits + '0'.repeat(-scale) : digits.padStart(scale + 1, '0')
  const whole = (scale > 0 ? all.slice(0, -scale) : all).replace(/^0+(?=\d)/, '')
  const text = scale > 0 ? `${whole}.${all.slice(-scale)}` : whole
  return negative && /[1-9]/.test(text) ? `-${text}` : text
}

function edited(
  bytes: Uint8Array,
  from: number,
  size: number,
  scale: number,
  page: CodePage,
  comma: boolean,
): string | null | undefined {
  let digits = ''
  let places = -1
  let negative = false
  let seen = false
  for (let i = from; i < from + size; i++) {
    const unit = page.single[bytes[i]!]!
    if (unit >= 48 && unit <= 57) {
      digits += unit - 48
      if (places >= 0) places++
      seen = true
    } else if (unit === (comma ? 44 : 46)) places = 0
    else if (unit === 45) negative = true
    else if (unit === 0x43 || unit === 0x44) {
      // CR and DB
      const next = page.single[bytes[++i]!]!
      if (i >= from + size || next !== (unit === 0x43 ? 0x52 : 0x42)) return undefined
      negative = true
    } else if (unit === noCharacter || !(unit === 0 || ' *+,./$€£¥¢¤#@'.includes(String.fromCharCode(unit))))
      return undefined
  }
  if (!seen) return null
  // where no point is written the picture has a V or none
  return decimal(digits, places >= 0 ? places : scale, negative)
}

/** What stands between the parts of a date or time, by its code in ASCII. */
const separators = Uint8Array.from({ length: 128 }, (_, unit) =>
  ' -/.:,T'.includes(String.fromCharCode(unit)) ? 1 : 0,
)

/**
 * The digits of a date into `out`, their count back; -1 where there are others. Of a text the digits between separators;
 * of a number as many as `width` wants, or all of them when that is 0.
 */
export function readDigits(
  bytes: Uint8Array,
  from: number,
  size: number,
  type: FieldType,
  page: CodePage,
  forms: NumberForms,
  out: Uint8Array,
  width: number,
): number {
  if (type.kind === 'text' || type.kind === 'edited') {
    let count = 0
    for (let i = from; i < from + size; i++) {
      const unit = page.single[bytes[i]!]!
      if (unit >= 48 && unit <= 57) {
        if (count === out.length) return -1
        out[count++] = unit - 48
      } else if (unit > 127 || separators[unit] === 0) return -1
    }
    return count
  }
  let count = plainDigits(bytes, from, size, type, page.ascii, out)
  if (count < 0) {
    const text =
      type.kind === 'packed' || type.kind === 'zoned'
        ? digitsOf(bytes, from, size, type, page.ascii)
        : { text: readDecimal(bytes, from, size, type, page, forms, false)?.replace(/\..*/, '') ?? '', negative: false }
    if (!text || text.negative || !/^\d+$/.test(text.text) || text.text.length > out.length) return -1
    count = text.text.length
    for (let i = 0; i < count; i++) out[i] = text.text.charCodeAt(i) - 48
  }
  if (width === 0) return count
  let lead = 0
  while (lead < count && out[lead] === 0) lead++
  const kept = count - lead
  if (kept > width) return -1
  out.copyWithin(width - kept, lead, count)
  out.fill(0, 0, width - kept)
  return width
}

/** The usual forms, without a detour by text: packed, and zoned with or without a positive sign; -1 for all others. */
function plainDigits(
  bytes: Uint8Array,
  from: number,
  size: number,
  type: FieldType,
  ascii: boolean,
  out: Uint8Array,
): number {
  if (size > 18) return -1
  let count = 0
  if (type.kind === 'packed') {
    for (let i = from; i < from + size; i++) {
      const byte = bytes[i]!
      const last = type.signNibble && i === from + size - 1
      if (byte >> 4 > 9 || (last ? (byte & 15) !== 12 && (byte & 15) !== 15 : (byte & 15) > 9)) return -1
      out[count++] = byte >> 4
      if (!last) out[count++] = byte & 15
    }
    return count
  }
  if (type.kind !== 'zoned' || type.separate) return -1
  const zone = ascii ? 3 : 15
  for (let i = from; i < from + size; i++) {
    const byte = bytes[i]!
    if ((byte & 15) > 9 || (byte >> 4 !== zone && (ascii || byte >> 4 !== 12 || i < from + size - 1))) return -1
    out[count++] = byte & 15
  }
  return count
}
