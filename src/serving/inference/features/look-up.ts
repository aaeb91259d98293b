import type { FeatureLookup, LookedUp, LookupColumn } from '../../../contracts/feature-lookup.ts'
import { isHalf, numbersToHalves } from '../../../contracts/half-floats.ts'
import {
  type Column,
  elementsOf,
  type ModelDescription,
  type Tensor,
  type TensorSpec,
} from '../../../contracts/model-runtime.ts'
import { type ErrorPlace, KedgeError } from '../../../errors.ts'
import type { RoutedFeatures } from '../../routing.ts'
import { createOnDemand } from './on-demand.ts'

/** What stands on record of what was looked up: where, and by which key. */
export const lookupColumns: [name: string, number: 0][] = [
  ['$features', 0],
  ['$key', 0],
]

/** Completes a model's inputs with what is looked up by the key that the caller sent. */
export interface LookUp {
  readonly lookup: FeatureLookup
  /** Rows as callers send them. Errors: `invalid_input` naming each place where the key is missing or not known. */
  rows(rows: readonly unknown[], where: (row: number) => string): Promise<{ rows: unknown[]; recorded: Column[] }>
  /** Tensors; undefined when none is the key's. Errors: `invalid_input`. */
  tensors(inputs: readonly Tensor[]): Promise<{ inputs: Tensor[]; keys: string[]; recorded: Column[] } | undefined>
}

type Value = number | string | null
const mostPlaces = 20

const refused = (places: readonly ErrorPlace[]) =>
  new KedgeError(
    'invalid_input',
    { what: places.map((place) => `${place.where} ${place.what}`).join('; ') },
    { places: places.slice(0, mostPlaces) },
  )

/**
 * What a revision of a model looks up in `lookup`. Columns that its model does not know are left out. Errors:
 * `features_unreadable` when a column is text and the model's feature a number.
 */
export function createLookUp(
  { key, missing, view }: Pick<RoutedFeatures, 'key' | 'missing' | 'view'>,
  lookup: FeatureLookup,
  model: { description: ModelDescription | undefined; inputs: readonly TensorSpec[] },
): LookUp {
  const { source } = lookup
  const features = new Map(model.description?.features.map(({ name, type }) => [name, type]))
  const columns = lookup.columns.flatMap((column, at) => {
    const { name, type } = column
    const wanted = features.get(name)
    if (model.description && wanted === undefined) return []
    if (wanted === 'number' && type === 'text')
      throw new KedgeError('features_unreadable', { source, what: `${name} is text, and a number for the model` })
    const instead = typeof missing === 'object' && Object.hasOwn(missing, name) ? missing[name]! : null
    return [{ name, at, read: readerOf(column, wanted ?? (type === 'text' ? 'category' : 'number')), instead }]
  })
  const onDemand = view && createOnDemand(view, lookup.columns)
  const computed = onDemand?.names.filter((name) => !model.description || features.has(name)) ?? []
  const keyIsFeature = features.has(key) || model.inputs.some(({ name }) => name === key)

  const find = async (keys: readonly string[]): Promise<LookedUp> => lookup.lookup(keys)
  const recorded = (keys: readonly string[]): Column[] => [keys.map((one) => (one === '' ? '' : source)), [...keys]]
  const unknown = { what: `is not in ${source}` }
  const valueFor = ({ at, read, instead }: (typeof columns)[number], found: LookedUp, row: number): Value =>
    found.found[row] ? read(found.columns[at]!, row) : instead

  return {
    lookup,
    async rows(rows, where) {
      const places: ErrorPlace[] = []
      const keys = rows.map((row, i) => {
        const given = (typeof row === 'object' && row !== null ? row : {}) as Record<string, unknown>
        const value = given[key]
        if (typeof value === 'string' && value !== '') return value
        if (Number.isSafeInteger(value)) return String(value)
        // whoever sends all features needs no key
        if (
          value === undefined &&
          columns.every(({ name }) => given[name] !== undefined) &&
          computed.every((name) => given[name] !== undefined)
        )
          return ''
        const what =
          value === undefined ? 'is missing: features are looked up by it' : 'must be a text or a whole number'
        places.push({ where: `${where(i)}.${key}`, what })
        return ''
      })
      if (places.length > 0) throw refused(places)
      const found = await find(keys)
      const complete = rows.map((row, i) => {
        if (keys[i] === '') return row
        if (!found.found[i] && missing === 'reject') places.push({ where: `${where(i)}.${key}`, ...unknown })
        const full: Record<string, unknown> = {}
        for (const column of columns) full[column.name] = valueFor(column, found, i)
        if (onDemand && computed.length > 0) {
          const values = onDemand.of(row as Record<string, unknown>, found, i)
          for (const name of computed) full[name] = values[name]
        }
        return Object.assign(full, row)
      })
      if (places.length > 0) throw refused(places)
      return { rows: complete, recorded: recorded(keys) }
    },

    async tensors(inputs) {
      const given = new Map(inputs.map((tensor) => [tensor.name, tensor]))
      const by = given.get(key)
      if (!by || given.size !== inputs.length) return undefined
      const n = by.data.length
      if (by.shape[0] !== n || by.shape.slice(1).some((size) => size !== 1))
        throw refused([{ where: `inputs.${key}`, what: `must have the shape [${n}] or [${n}, 1], has [${by.shape}]` }])
      if (/^(FP|BF|BOOL)/.test(by.datatype))
        throw refused([{ where: `inputs.${key}`, what: `must be BYTES or whole numbers, is ${by.datatype}` }])
      const keys = Array.from(by.data as ArrayLike<string | number | bigint>, String)
      const found = await find(keys)
      if (missing === 'reject') {
        const places = keys.flatMap((_, row) =>
          found.found[row] ? [] : [{ where: `inputs.${key}.${row}`, ...unknown }],
        )
        if (places.length > 0) throw refused(places)
      }
      const looked = new Map(
        columns.map((column) => [column.name, keys.map((_, row) => valueFor(column, found, row))] as const),
      )
      if (onDemand && computed.length > 0) {
        const brought = onDemand.request.flatMap((name) => given.get(name) ?? [])
        const values = keys.map((_, row) =>
          onDemand.of(Object.fromEntries(brought.map(({ name, data }) => [name, plain(data[row]!)])), found, row),
        )
        for (const name of computed)
          looked.set(
            name,
            values.map((one) => one[name]!),
          )
        for (const { name } of brought)
          if (!features.has(name) && !model.inputs.some((input) => input.name === name)) given.delete(name)
      }
      if (!keyIsFeature) given.delete(key)
      for (const spec of model.inputs) {
        if (given.has(spec.name)) continue
        const values = looked.get(spec.name) ?? matrixOf(model, given, looked, n)
        if (values) given.set(spec.name, tensorOf(spec, n, values))
      }
      return { inputs: [...given.values()], keys, recorded: recorded(keys) }
    },
  }
}

/** How a value of a table becomes one of a feature; null where it is missing. */
function readerOf({ type }: LookupColumn, wanted: 'number' | 'category'): (column: Column, row: number) => Value {
  if (type === 'text') return (column, row) => column[row] || null
  const shown = (value: number) => (wanted === 'number' ? value : type === 'bool' ? String(value === 1) : String(value))
  return (column, row) => {
    const value = column[row] as number
    return Number.isNaN(value) ? null : shown(value)
  }
}

/** The values of a model's only input where it is a matrix of all features, each from a tensor of its own or looked up. */
function matrixOf(
  { description, inputs }: { description: ModelDescription | undefined; inputs: readonly TensorSpec[] },
  given: Map<string, Tensor>,
  looked: ReadonlyMap<string, readonly Value[]>,
  rows: number,
): Value[] | undefined {
  const features = description?.features ?? []
  if (inputs.length !== 1 || features.length < 2) return undefined
  const columns = features.map(({ name }) => {
    const own = given.get(name)
    if (own && own.data.length !== rows)
      throw refused([{ where: `inputs.${name}`, what: `must have ${rows} values as the key has` }])
    const column = own ? Array.from(own.data as ArrayLike<string | number | bigint>, plain) : looked.get(name)
    if (!column) throw refused([{ where: `inputs.${name}`, what: 'is missing' }])
    given.delete(name)
    return column
  })
  return Array.from(
    { length: rows * columns.length },
    (_, i) => columns[i % columns.length]![Math.floor(i / columns.length)]!,
  )
}

const plain = (value: string | number | bigint): Value => (typeof value === 'bigint' ? Number(value) : value)

/** A tensor as the model wants it, of `rows` rows. Errors: `invalid_input` for a missing value where there can be none. */
function tensorOf({ name, datatype, shape }: TensorSpec, rows: number, values: readonly Value[]): Tensor {
  const width = values.length / rows
  const sizes = shape.map((size, i) => (i === 0 ? rows : size < 0 ? width : size))
  if (datatype === 'BYTES') return { name, datatype, shape: sizes, data: values.map((value) => String(value ?? '')) }
  const numbers = values.map((value) => (value === null ? Number.NaN : Number(value)))
  if (isHalf(datatype)) return { name, datatype, shape: sizes, data: numbersToHalves(datatype, numbers) }
  const whole = datatype !== 'FP32' && datatype !== 'FP64'
  const wrong = whole ? numbers.findIndex((value) => !Number.isInteger(value)) : -1
  if (wrong >= 0) throw refused([{ where: `inputs.${name}.${wrong}`, what: `is looked up, and no ${datatype}` }])
  const data = new elementsOf[datatype](rows * width)
  const big = data instanceof BigInt64Array || data instanceof BigUint64Array
  for (let i = 0; i < numbers.length; i++) data[i] = big ? BigInt(numbers[i]!) : numbers[i]!
  return { name, datatype, shape: sizes, data }
}
