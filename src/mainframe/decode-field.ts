// Over 200 lines: what bytes are read as, times what column they become.
import { type CodePage, codePage } from './code-page.ts'
import { appendText, type ColumnValues, type Storage } from './column-values.ts'
import { type DateReader, dateReader, noDate, timeReader } from './date-forms.ts'
import { floatsReader } from './decode-floats.ts'
import { type Digits, digitsReader, isBlank, isNarrow, type NumberForms } from './decode-numbers.ts'
import type { ColumnForm, DecodeOptions } from './decode-options.ts'
import { textDecoder, wideTextDecoder } from './decode-text.ts'
import type { FieldType } from './field-type.ts'
import { readDecimal, readDigits } from './read-one-number.ts'
import { type FieldDecoder, fault, mark, type Rows } from './rows.ts'

/** What a column holds: whole numbers of up to 18 digits are ints, other numbers floats. */
export function storageOf(type: FieldType, form: ColumnForm | undefined): Storage {
  if (typeof form === 'object') return 'date' in form ? 'date' : 'time'
  if (form) return form
  switch (type.kind) {
    case 'zoned':
    case 'packed':
    case 'binary':
      return type.scale <= 0 && type.digits - type.scale <= 18
        ? 'int'
        : type.digits === 19 && type.kind === 'binary'
          ? 'int'
          : 'float'
    case 'edited':
      return type.scale <= 0 ? 'int' : 'float'
    case 'float':
      return 'float'
    default:
      return 'text'
  }
}

/** A decoder of one field into `out`, whose storage is `storageOf` the same. */
export function fieldDecoder(
  type: FieldType,
  size: number,
  form: ColumnForm | undefined,
  options: DecodeOptions,
  out: ColumnValues,
): FieldDecoder {
  const page = codePage(options.codePage)
  const forms: NumberForms = {
    ascii: page.ascii,
    littleEndian: options.nativeOrder === 'little',
    blankIsNull: options.blankNumbers === 'null',
  }
  if (out.storage === 'date' || out.storage === 'time') return dateDecoder(type, size, form, page, forms, out)
  if (type.kind === 'text' || type.kind === 'opaque') {
    if (out.storage === 'text') return textDecoder(size, page, options.trim, out)
    return decimalDecoder({ kind: 'edited', scale: 0 }, size, page, forms, options, out)
  }
  if (type.kind === 'double' || type.kind === 'national')
    return wideTextDecoder(size, type.kind === 'double' ? page : undefined, options.trim, out)
  if (type.kind === 'float') {
    const read = floatsReader(size, options.floats, forms.littleEndian)
    return (rows, at, offset, mask, step) => read(rows, at, offset, mask, step, out.floats, out.nulls)
  }
  // zeros behind the digits (P) may make more of them than a double holds
  const fits = type.scale >= 0 || (type.kind !== 'edited' && isNarrow(type, size) && type.digits - type.scale <= 15)
  const quick = fits && type.kind !== 'edited' && (type.kind === 'binary' ? size <= 8 : type.digits <= 18)
  if (!quick || out.storage === 'text') return decimalDecoder(type, size, page, forms, options, out)
  return quickDecoder(type, size, forms, out)
}

/** Numbers of up to 18 digits to ints and floats. */
function quickDecoder(
  type: Extract<FieldType, { scale: number }>,
  size: number,
  forms: NumberForms,
  out: ColumnValues,
): FieldDecoder {
  const read = digitsReader(type, size, forms)
  const digits: Digits = { narrow: new Float64Array(0), wide: out.wide, words: out.words, nulls: out.nulls }
  const narrow = isNarrow(type, size)
  const { scale } = type
  // up to 22 a power of ten is exact in a double, so that one division rounds as a decimal text would
  const power = Number(`1e${Math.abs(scale)}`)
  return (rows, at, offset, mask, step) => {
    const { count } = rows
    digits.nulls = out.nulls
    if (narrow) {
      if (out.storage === 'float') digits.narrow = out.floats
      else if (digits.narrow.length < count) digits.narrow = new Float64Array(Math.ceil(count * 1.25))
    } else if (out.storage === 'int') {
      digits.wide = out.wide
      digits.words = out.words
    } else if (digits.wide.length < count) {
      digits.wide = new BigInt64Array(Math.ceil(count * 1.25))
      digits.words = new Int32Array(digits.wide.buffer)
    }
    read(rows, at, offset, mask, step, digits)
    if (out.storage === 'int') {
      if (narrow) narrowToInt(digits.narrow, count, scale < 0 ? power : 1, out.words)
      return
    }
    const values = out.floats
    if (narrow) {
      if (scale > 22) for (let i = 0; i < count; i++) values[i] = Number(`${values[i]}e-${scale}`)
      else if (scale > 0) for (let i = 0; i < count; i++) values[i] = values[i]! / power + 0
      else for (let i = 0; i < count; i++) values[i] = values[i]! * power + 0
      return
    }
    for (let i = 0; i < count; i++) {
      const value = digits.wide[i]!
      const number = Number(value)
      values[i] =
        Number.isSafeInteger(number) && scale > 0 && scale <= 22 ? number / power : Number(`${value}e${-scale}`)
    }
  }
}

function narrowToInt(values: Float64Array, count: number, power: number, words: Int32Array) {
  for (let i = 0; i < count; i++) {
    const value = values[i]! * power
    const low = value | 0
    if (low === value) {
      words[i * 2] = low
      words[i * 2 + 1] = low >> 31
    } else {
      const high = Math.floor(value / 4294967296)
      words[i * 2] = value - high * 4294967296
      words[i * 2 + 1] = high
    }
  }
}

/** One number after the other by its decimal text: for what is longer than 18 digits, edited, or wanted as text. */
function decimalDecoder(
  type: FieldType,
  size: number,
  page: CodePage,
  forms: NumberForms,
  options: DecodeOptions,
  out: ColumnValues,
): FieldDecoder {
  const encoder = new TextEncoder()
  const reason = type.kind === 'packed' ? fault.packed : type.kind === 'zoned' ? fault.zoned : fault.edited
  const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n]
  const none = new Uint8Array(0)
  return (rows, at, offset, mask, step) => {
    for (let i = 0; i < rows.count; i++) {
      let text: string | undefined | null = null
      const from = at[i]! + offset
      if (mask === undefined || mask[i] === 1) {
        text = readDecimal(rows.bytes, from, size, type, page, forms, options.decimalComma)
        if (text === undefined) mark(rows, i, reason, from, step)
      }
      if (text === null || text === undefined) out.nulls[i] = 1
      if (out.storage === 'text') appendText(out, text ? encoder.encode(text) : none)
      else if (text) {
        if (out.storage === 'float') out.floats[i] = Number(text)
        else {
          const whole = BigInt(text.replace(/\..*$/, ''))
          if (whole < least || whole > most || /\.\d*[1-9]/.test(text)) {
            out.nulls[i] = 1
            mark(rows, i, fault.large, from, step)
          } else out.wide[i] = whole
        }
      }
    }
  }
}

function dateDecoder(
  type: FieldType,
  size: number,
  form: ColumnForm | undefined,
  page: CodePage,
  forms: NumberForms,
  out: ColumnValues,
): FieldDecoder {
  const { date, time, pivot = 50 } = form as { date?: never; time?: never; pivot?: number }
  if (time === 'STCK') return clockDecoder(out)
  const read: DateReader = date ? dateReader(date, pivot) : timeReader(time!, pivot)
  const width = date
    ? /^[A-Z]+$/.test(date)
      ? (date as string).length
      : 0
    : time === 'timestamp'
      ? 0
      : (time as unknown as string).length
  const digits = new Uint8Array(40)
  return (rows, at, offset, mask, step) => {
    for (let i = 0; i < rows.count; i++) {
      if (mask !== undefined && mask[i] === 0) {
        out.nulls[i] = 1
        continue
      }
      const from = at[i]! + offset
      if (isBlank(rows.bytes, from, size, page.ascii)) {
        out.nulls[i] = 1
        continue
      }
      const count = readDigits(rows.bytes, from, size, type, page, forms, digits, width)
      const value = count < 0 ? Number.NaN : read(digits, count)
      if (value === noDate) out.nulls[i] = 1
      else if (Number.isNaN(value)) {
        out.nulls[i] = 1
        mark(rows, i, fault.date, from, step)
      } else if (out.storage === 'date') out.words[i] = value
      else out.wide[i] = BigInt(value)
    }
  }
}

/** The clock of the machine: bit 51 is a microsecond, 0 is the begin of 1900. */
function clockDecoder(out: ColumnValues): FieldDecoder {
  const begin = -2_208_988_800_000_000n
  return (rows: Rows, at, offset, mask) => {
    const view = new DataView(rows.bytes.buffer, rows.bytes.byteOffset, rows.bytes.byteLength)
    for (let i = 0; i < rows.count; i++) {
      const value = mask !== undefined && mask[i] === 0 ? 0n : view.getBigUint64(at[i]! + offset)
      if (value === 0n) out.nulls[i] = 1
      else out.wide[i] = begin + (value >> 12n)
    }
  }
}
