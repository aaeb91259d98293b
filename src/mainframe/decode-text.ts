import { type CodePage, noCharacter } from './code-page.ts'
import { appendText, type ColumnValues, writeLength } from './column-values.ts'
import { type FieldDecoder, fault, mark } from './rows.ts'

export type Trim = 'right' | 'both' | 'none'

/** Most bytes of UTF-8, with their length, that a text field of so many bytes becomes. */
export const textBytes = (size: number): number => size * 3 + 5

/** Decodes text of one byte a character, or of a page that shifts between one and two; a blank one has no value. */
export function textDecoder(size: number, page: CodePage, trim: Trim, out: ColumnValues): FieldDecoder {
  if (page.double) return unitsDecoder(size, (bytes, from, units) => shifted(bytes, from, size, page, units), trim, out)
  const { single } = page
  const blank = page.ascii ? 0x20 : 0x40
  return (rows, at, offset, mask, step) => {
    const { bytes, count } = rows
    const target = out.bytes
    let used = out.used
    for (let i = 0; i < count; i++) {
      if (mask !== undefined && mask[i] === 0) {
        out.nulls[i] = 1
        target[used++] = 0
        continue
      }
      let from = at[i]! + offset
      const begin = from
      let end = from + size
      if (trim === 'none') {
        // only what nobody has filled is no text
        let rest = end
        while (rest > from && bytes[rest - 1] === 0) rest--
        if (rest === from) end = from
      } else {
        while (end > from && (bytes[end - 1] === blank || bytes[end - 1] === 0)) end--
        if (trim === 'both') while (from < end && bytes[from] === blank) from++
      }
      if (end === from || (bytes[from] === 0xff && allHigh(bytes, from, end))) {
        out.nulls[i] = 1
        target[used++] = 0
        continue
      }
      const start = used
      used += end - from < 128 ? 1 : end - from < 16384 ? 2 : 3
      const first = used
      for (let j = from; j < end; j++) {
        const unit = single[bytes[j]!]!
        if (unit < 0x80) target[used++] = unit
        else if (unit < 0x800) {
          target[used++] = 0xc0 | (unit >> 6)
          target[used++] = 0x80 | (unit & 63)
        } else {
          if (unit === noCharacter) mark(rows, i, fault.text, begin, step)
          target[used++] = 0xe0 | (unit >> 12)
          target[used++] = 0x80 | ((unit >> 6) & 63)
          target[used++] = 0x80 | (unit & 63)
        }
      }
      const length = used - first
      if (length < 128) target[start] = length
      else {
        // the length takes more bytes than was thought when some characters take more
        const wanted = length < 16384 ? 2 : length < 2097152 ? 3 : 4
        const place = start + wanted
        if (place !== first) {
          target.copyWithin(place, first, used)
          used += place - first
        }
        writeLength(target, start, length)
      }
    }
    out.used = used
  }
}

const allHigh = (bytes: Uint8Array, from: number, end: number) => {
  for (let i = from; i < end; i++) if (bytes[i] !== 0xff) return false
  return true
}

/** Decodes text of two bytes a character: of the code page's double-byte part, or UTF-16 (NATIONAL). */
export function wideTextDecoder(size: number, page: CodePage | undefined, trim: Trim, out: ColumnValues): FieldDecoder {
  return unitsDecoder(
    size,
    (bytes, from, units) => {
      let bad = false
      for (let i = from; i + 1 < from + size; i += 2) {
        const pair = (bytes[i]! << 8) | bytes[i + 1]!
        const unit = page ? pairUnit(page, pair) : pair
        bad ||= unit === noCharacter
        units.push(unit)
      }
      return !bad
    },
    trim,
    out,
  )
}

const pairUnit = (page: CodePage, pair: number) =>
  pair === 0x4040 ? 0x3000 : pair === 0 ? 0 : (page.double?.[pair] ?? noCharacter)

/** Shift-out (0E) and shift-in (0F) stand around pairs. */
function shifted(bytes: Uint8Array, from: number, size: number, page: CodePage, units: number[]): boolean {
  let double = false
  let bad = false
  for (let i = from; i < from + size; i++) {
    const byte = bytes[i]!
    if (byte === 0x0e || byte === 0x0f) {
      double = byte === 0x0e
      continue
    }
    let unit: number
    if (!double) unit = page.single[byte]!
    else if (i + 1 < from + size) unit = pairUnit(page, (byte << 8) | bytes[++i]!)
    else unit = noCharacter
    bad ||= unit === noCharacter
    units.push(unit)
  }
  return !bad
}

function unitsDecoder(
  size: number,
  read: (bytes: Uint8Array, from: number, units: number[]) => boolean,
  trim: Trim,
  out: ColumnValues,
): FieldDecoder {
  const encoder = new TextEncoder()
  return (rows, at, offset, mask, step) => {
    for (let i = 0; i < rows.count; i++) {
      if (mask !== undefined && mask[i] === 0) {
        out.nulls[i] = 1
        out.bytes[out.used++] = 0
        continue
      }
      const from = at[i]! + offset
      if (allHigh(rows.bytes, from, from + size)) {
        out.nulls[i] = 1
        out.bytes[out.used++] = 0
        continue
      }
      const units: number[] = []
      if (!read(rows.bytes, from, units)) mark(rows, i, fault.text, from, step)
      let text = ''
      for (let j = 0; j < units.length; j += 4096) text += String.fromCharCode(...units.slice(j, j + 4096))
      const bare = text.replace(/[\s\0]+$/u, '')
      const kept = trim === 'none' ? text : trim === 'both' ? bare.trimStart() : bare
      if (bare === '') out.nulls[i] = 1
      appendText(out, bare === '' ? new Uint8Array(0) : encoder.encode(kept))
    }
  }
}
