import type { FastifyRequest } from 'fastify'
import { KedgeError } from '../../errors.ts'

type Bag = Record<string, unknown>

const invalid = (name: string, value: unknown, hint: string) =>
  new KedgeError('invalid_input', {
    what: `Invalid value ${(JSON.stringify(value) ?? 'undefined').slice(0, 200)} for parameter '${name}' supplied: ${hint} See the API docs for more information about request parameters.`,
  })
const missing = (name: string) =>
  new KedgeError('invalid_input', {
    what: `Missing value for required parameter '${name}'. See the API docs for more information about request parameters.`,
  })

const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value)

export interface Fields {
  has(name: string): boolean
  text(name: string): string | undefined
  /** present and not empty */
  required(name: string): string
  /** present, maybe empty */
  given(name: string): string
  integer(name: string): number | undefined
  number(name: string): number | undefined
  truth(name: string): boolean | undefined
  /** one of the names of an enum, or its number */
  choice<Name extends string>(name: string, numbers: Record<Name, number>): Name | undefined
  texts(name: string): string[] | undefined
  /** a list of objects as it came; absent is empty */
  list(name: string): Bag[]
  /** a list of messages; absent is empty */
  messages<T>(name: string, read: (item: Fields) => T): T[]
  message<T>(name: string, read: (item: Fields) => T): T | undefined
  /** whatever JSON it is */
  any(name: string): unknown
  isText(name: string): boolean
  /** names of the fields that are there */
  names(): string[]
}

/** Reads the fields of a message as protobuf's JSON does: absent is undefined, numbers may be texts, unknown fields are ignored. */
export function fieldsOf(bag: Bag, path = ''): Fields {
  const at = (name: string) => (path === '' ? name : `${path}.${name}`)
  const get = (name: string): unknown => (Object.hasOwn(bag, name) && bag[name] !== null ? bag[name] : undefined)

  const fields: Fields = {
    has: (name: string) => get(name) !== undefined,

    text(name: string): string | undefined {
      const value = get(name)
      if (value === undefined || typeof value === 'string') return value
      throw invalid(at(name), value, 'It must be a string.')
    },
    required(name: string): string {
      const value = fields.text(name)
      if (value === undefined || value === '') throw missing(at(name))
      return value
    },
    given(name: string): string {
      const value = fields.text(name)
      if (value === undefined) throw missing(at(name))
      return value
    },
    integer(name: string): number | undefined {
      // R writes 100000 as 1e+05
      const value = get(name)
      if (value === undefined) return undefined
      const number =
        typeof value === 'string' && /^[+-]?\d+(\.\d*)?(e\+?\d{1,3})?$/i.test(value.trim()) ? Number(value) : value
      if (typeof number === 'number' && Number.isSafeInteger(number)) return number
      throw invalid(at(name), value, 'It must be an integer.')
    },
    number(name: string): number | undefined {
      const value = get(name)
      if (value === undefined || typeof value === 'number') return value
      if (typeof value === 'string') {
        const text = value.trim()
        if (/^[+-]?nan$/i.test(text)) return Number.NaN
        const infinite = /^([+-]?)inf(inity)?$/i.exec(text)
        if (infinite) return infinite[1] === '-' ? -Infinity : Infinity
        if (text !== '' && !Number.isNaN(Number(text))) return Number(text)
      }
      throw invalid(at(name), value, 'It must be a number.')
    },
    truth(name: string): boolean | undefined {
      const value = get(name)
      if (value === undefined || typeof value === 'boolean') return value
      if (typeof value === 'string' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true'
      throw invalid(at(name), value, "It must be 'true' or 'false'.")
    },
    choice<Name extends string>(name: string, numbers: Record<Name, number>): Name | undefined {
      const value = get(name)
      if (value === undefined) return undefined
      for (const [choice, number] of Object.entries(numbers) as [Name, number][])
        if (value === choice || value === number || value === String(number)) return choice
      throw invalid(at(name), value, `It must be one of ${Object.keys(numbers).join(', ')}.`)
    },
    texts(name: string): string[] | undefined {
      const value = get(name)
      if (value === undefined) return undefined
      const list = Array.isArray(value) ? value : [value]
      for (const item of list)
        if (typeof item !== 'string') throw invalid(at(name), item, 'It must be a list of strings.')
      return list as string[]
    },
    list(name: string): Bag[] {
      const value = get(name)
      if (value === undefined) return []
      if (!Array.isArray(value)) throw invalid(at(name), value, 'It must be a list.')
      const wrong = value.findIndex((item) => !isBag(item))
      if (wrong >= 0) throw invalid(`${at(name)}[${wrong}]`, value[wrong], 'It must be an object.')
      return value
    },
    messages<T>(name: string, read: (item: Fields) => T): T[] {
      return fields.list(name).map((item, i) => read(fieldsOf(item, `${at(name)}[${i}]`)))
    },
    message<T>(name: string, read: (item: Fields) => T): T | undefined {
      const value = get(name)
      if (value === undefined) return undefined
      if (!isBag(value)) throw invalid(at(name), value, 'It must be an object.')
      return read(fieldsOf(value, at(name)))
    },
    any: get,
    isText: (name: string) => typeof get(name) === 'string',
    names: () => Object.keys(bag),
  }
  return fields
}

/** The fields of a request: of the address in a GET, of the body otherwise, where a body may come with a GET too. */
export function requestFields(request: FastifyRequest): Fields {
  const query = request.query as Bag
  const body = request.body
  if (request.method === 'GET' && Object.keys(query).length > 0) return fieldsOf(query)
  if (body === undefined || body === null) return fieldsOf(query)
  if (!isBag(body)) throw new KedgeError('invalid_input', { what: 'The body must be a JSON object.' })
  return fieldsOf(body)
}

/** `{key, value}` messages: tags and params. */
export const readPair = (item: Fields): { key: string; value: string } => ({
  key: item.required('key'),
  value: item.text('value') ?? '',
})
