/**
 * A value of an attribute as it is stored: plain JSON wherever JSON says the same, so that it can be searched and shown,
 * and an object with the key `@` where JSON alone would lose the type.
 */
export type SpanValue =
  | null
  | string
  | boolean
  | number
  | SpanValue[]
  | { [key: string]: SpanValue }
  | { '@': 'int' | 'double' | 'bytes' | 'text'; value: string }
  | { '@': 'map'; value: [string, SpanValue][] }

export type TypedValue =
  | { kind: 'empty' }
  | { kind: 'text'; value: string }
  | { kind: 'truth'; value: boolean }
  | { kind: 'int'; value: bigint }
  | { kind: 'double'; value: number }
  | { kind: 'bytes'; value: Uint8Array }
  | { kind: 'list'; value: TypedValue[] }
  | { kind: 'map'; value: [string, TypedValue][] }

/** JSON and SQL have no NUL, UTF-8 no lone surrogates. */
const plainText = (text: string) => !text.includes('\u0000') && text.isWellFormed()
const plainKey = (key: string) => key !== '@' && key !== '__proto__' && !/^\d+$/.test(key) && plainText(key)
const base64 = (text: string) => Buffer.from(text, 'utf16le').toString('base64')
const fromBase64 = (text: string) => Buffer.from(text, 'base64').toString('utf16le')

/** Into the stored form; `typedValue` gives the same back. */
export function spanValue(typed: TypedValue): SpanValue {
  switch (typed.kind) {
    case 'empty':
      return null
    case 'text':
      return plainText(typed.value) ? typed.value : { '@': 'text', value: base64(typed.value) }
    case 'truth':
      return typed.value
    case 'int': {
      const number = Number(typed.value)
      return Number.isSafeInteger(number) ? number : { '@': 'int', value: String(typed.value) }
    }
    case 'double':
      // a whole number would come back as an integer
      return Number.isFinite(typed.value) && !Number.isInteger(typed.value)
        ? typed.value
        : { '@': 'double', value: Object.is(typed.value, -0) ? '-0' : String(typed.value) }
    case 'bytes':
      return { '@': 'bytes', value: Buffer.from(typed.value).toString('base64') }
    case 'list':
      return typed.value.map(spanValue)
    case 'map':
      return spanMap(typed.value)
  }
}

/** Attributes: the order of keys, and keys that come twice, are kept. */
export function spanMap(entries: readonly [string, TypedValue][]): SpanValue {
  const keys = new Set(entries.map(([key]) => key))
  if (keys.size === entries.length && entries.every(([key]) => plainKey(key)))
    return Object.fromEntries(entries.map(([key, value]) => [key, spanValue(value)]))
  return {
    '@': 'map',
    value: entries.map(([key, value]) => [
      plainText(key) && !key.startsWith('["@"') ? key : JSON.stringify(['@', base64(key)]),
      spanValue(value),
    ]),
  }
}

const markedKey = (key: string) => {
  const found = /^\["@","([\w+/=]*)"\]$/.exec(key)
  return found ? fromBase64(found[1]!) : key
}

/** The entries of stored attributes, in their order. */
export function spanEntries(stored: SpanValue): [string, SpanValue][] {
  if (stored === null || typeof stored !== 'object' || Array.isArray(stored)) return []
  if (stored['@'] === 'map')
    return (stored.value as [string, SpanValue][]).map(([key, value]) => [markedKey(key), value])
  return Object.entries(stored)
}

/** From the stored form, with its type. */
export function typedValue(stored: SpanValue): TypedValue {
  if (stored === null) return { kind: 'empty' }
  if (typeof stored === 'string') return { kind: 'text', value: stored }
  if (typeof stored === 'boolean') return { kind: 'truth', value: stored }
  if (typeof stored === 'number')
    return Number.isInteger(stored) ? { kind: 'int', value: BigInt(stored) } : { kind: 'double', value: stored }
  if (Array.isArray(stored)) return { kind: 'list', value: stored.map(typedValue) }
  const text = () => stored.value as string
  switch (stored['@']) {
    case 'int':
      return { kind: 'int', value: BigInt(text()) }
    case 'double':
      return { kind: 'double', value: Number(text()) }
    case 'bytes':
      return { kind: 'bytes', value: Buffer.from(text(), 'base64') }
    case 'text':
      return { kind: 'text', value: fromBase64(text()) }
    default:
      return { kind: 'map', value: spanEntries(stored).map(([key, value]) => [key, typedValue(value)]) }
  }
}

/** As JSON for people and for filters: types that JSON has not are texts. */
export function plainValue(stored: SpanValue): unknown {
  if (stored === null || typeof stored !== 'object') return stored
  if (Array.isArray(stored)) return stored.map(plainValue)
  switch (stored['@']) {
    case 'int':
    case 'bytes':
      return stored.value
    case 'text':
      return fromBase64(stored.value as string)
    case 'double': {
      const number = Number(stored.value)
      return Number.isFinite(number) ? number : stored.value
    }
    default: {
      const plain = Object.create(null) as Record<string, unknown>
      for (const [key, value] of spanEntries(stored)) plain[key] = plainValue(value)
      return plain
    }
  }
}
