import { KedgeError } from '../../../errors.ts'
import {
  type SpanValue,
  spanEntries,
  spanMap,
  spanValue,
  type TypedValue,
  typedValue,
} from '../../../tracking/traces/span-value.ts'

export type Message = Record<string, unknown>

const deepest = 100
const int64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n }

const invalid = (what: string) => new KedgeError('invalid_input', { what: `Invalid OpenTelemetry format: ${what}` })

export const isMessage = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A message that may be absent. */
export function messageOf(value: unknown, name: string): Message {
  if (value === undefined || value === null) return {}
  if (!isMessage(value)) throw invalid(`${name} must be an object`)
  return value
}

export function listOf(value: unknown, name: string): Message[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw invalid(`${name} must be a list`)
  return value.map((item) => messageOf(item, name))
}

export function textOf(value: unknown, name: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw invalid(`${name} must be a string`)
  return value
}

/** A whole number: of protobufjs a Long, of JSON a number or a text. */
export function integerOf(value: unknown, name: string): bigint {
  if (value === undefined || value === null) return 0n
  const text = String(value)
  if (typeof value === 'number' ? !Number.isInteger(value) : !/^[+-]?\d{1,20}$/.test(text))
    throw invalid(`${name} must be an integer`)
  return BigInt(typeof value === 'number' ? value : text.replace('+', ''))
}

/** Bytes: of protobufjs as they are, of JSON in base64. */
function bytesOf(value: unknown, name: string): Uint8Array {
  if (value instanceof Uint8Array) return value
  const text = textOf(value, name)
  if (!/^[\w+/-]*={0,2}$/.test(text)) throw invalid(`${name} must be base64`)
  return Buffer.from(text, 'base64')
}

/** protobufjs has an empty list for bytes that are absent. */
const absentBytes = (value: unknown) => Array.isArray(value) && value.length === 0

/** An id: of protobufjs as bytes, of JSON in hex digits; '' when it is absent. */
export function hexOf(value: unknown, bytes: number, name: string): string {
  if (absentBytes(value)) return ''
  const hex = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : textOf(value, name).toLowerCase()
  if (hex !== '' && (hex.length !== bytes * 2 || !/^[0-9a-f]+$/.test(hex)))
    throw invalid(`${name} must have ${bytes} bytes (in JSON ${bytes * 2} hex digits)`)
  return hex
}

function doubleOf(value: unknown): number {
  if (typeof value === 'number') return value
  const named = { NaN: Number.NaN, Infinity: Infinity, '-Infinity': -Infinity }[textOf(value, 'doubleValue')]
  const number = named ?? (value === '' ? undefined : Number(value))
  if (number === undefined || (named === undefined && Number.isNaN(number)))
    throw invalid('doubleValue must be a number')
  return number
}

function anyValue(value: unknown, depth: number): TypedValue {
  if (depth > deepest) throw invalid(`values are nested deeper than ${deepest}`)
  const any = messageOf(value, 'value')
  const has = (name: string) => Object.hasOwn(any, name) && any[name] !== null && any[name] !== undefined
  if (has('stringValue')) return { kind: 'text', value: textOf(any.stringValue, 'stringValue') }
  if (has('boolValue')) {
    if (typeof any.boolValue !== 'boolean') throw invalid('boolValue must be true or false')
    return { kind: 'truth', value: any.boolValue }
  }
  if (has('intValue')) {
    const int = integerOf(any.intValue, 'intValue')
    if (int < int64.least || int > int64.most) throw invalid('intValue does not fit into 64 bits')
    return { kind: 'int', value: int }
  }
  if (has('doubleValue')) return { kind: 'double', value: doubleOf(any.doubleValue) }
  if (has('bytesValue')) return { kind: 'bytes', value: bytesOf(any.bytesValue, 'bytesValue') }
  if (has('arrayValue')) {
    const { values } = messageOf(any.arrayValue, 'arrayValue')
    return { kind: 'list', value: listOf(values, 'arrayValue.values').map((item) => anyValue(item, depth + 1)) }
  }
  if (has('kvlistValue')) {
    const { values } = messageOf(any.kvlistValue, 'kvlistValue')
    return { kind: 'map', value: entries(values, depth + 1) }
  }
  return { kind: 'empty' }
}

const entries = (value: unknown, depth: number): [string, TypedValue][] =>
  listOf(value, 'attributes').map((item) => [textOf(item.key, 'key'), anyValue(item.value, depth)])

/** Attributes as they are stored. Errors: `invalid_input`. */
export const readAttributes = (value: unknown): SpanValue => spanMap(entries(value, 0))

/** An AnyValue as it is stored. */
export const readValue = (value: unknown): SpanValue => spanValue(anyValue(value, 0))

/** Attributes as protobuf's JSON says them, in snake case or in camel case. */
export const writeAttributes = (stored: SpanValue, naming: Naming) =>
  spanEntries(stored).map(([key, value]) => ({ key, value: writeValue(value, naming) }))

export type Naming = (camel: string) => string
export const camelCase: Naming = (name) => name
export const snakeCase: Naming = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** A stored value as an AnyValue. */
export function writeValue(stored: SpanValue, naming: Naming): Message {
  const say = (typed: TypedValue): Message => {
    switch (typed.kind) {
      case 'empty':
        return {}
      case 'text':
        return { [naming('stringValue')]: typed.value.toWellFormed() }
      case 'truth':
        return { [naming('boolValue')]: typed.value }
      case 'int':
        return { [naming('intValue')]: String(typed.value) }
      case 'double':
        return {
          [naming('doubleValue')]:
            Number.isFinite(typed.value) && !Object.is(typed.value, -0)
              ? typed.value
              : Object.is(typed.value, -0)
                ? '-0.0'
                : String(typed.value),
        }
      case 'bytes':
        return { [naming('bytesValue')]: Buffer.from(typed.value).toString('base64') }
      case 'list':
        return { [naming('arrayValue')]: { values: typed.value.map(say) } }
      case 'map':
        return { [naming('kvlistValue')]: { values: typed.value.map(([key, value]) => ({ key, value: say(value) })) } }
    }
  }
  return say(typedValue(stored))
}
