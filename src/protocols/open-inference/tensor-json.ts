import { bfloatToNumber, halfToNumber, numberToBfloat, numberToHalf } from '../../contracts/half-floats.ts'
import type { Datatype, TensorData } from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'
import { newTensorData } from './tensor-bytes.ts'

/** as many as a shape may have sizes; a list that lies deeper is no element */
const maxDepth = 16
type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** JSON in which whole numbers that a double cannot hold are BigInts. Errors: what `JSON.parse` throws. */
export function parseExact(text: string): unknown {
  if (!/\d{16}/.test(text) || !/"U?INT64"/.test(text)) return JSON.parse(text)
  const revive: Reviver = (_key, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source && /^-?\d+$/.test(source)
      ? BigInt(source)
      : value
  return JSON.parse(text, revive as never)
}

const floats = new Set<Datatype>(['FP16', 'BF16', 'FP32', 'FP64'])
const limits: Partial<Record<Datatype, [least: bigint, most: bigint]>> = {
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
  UINT64: [0n, 2n ** 64n - 1n],
}

/**
 * The numbers or texts of JSON (nested lists are flattened) to a tensor's data; null is NaN of a float. Errors:
 * `invalid_input` naming the element.
 */
export function tensorFromJson(name: string, datatype: Datatype, values: unknown): TensorData {
  if (!Array.isArray(values)) throw new KedgeError('invalid_input', { what: `input ${name}: data must be a list` })
  const flat = values.some(Array.isArray) ? (values.flat(maxDepth) as unknown[]) : (values as unknown[])
  const refuse = (i: number) =>
    new KedgeError('invalid_input', { what: `input ${name}: element ${i} is no ${datatype}` })
  if (datatype === 'BYTES')
    return flat.map((value, i) => {
      if (typeof value !== 'string') throw refuse(i)
      return value
    })
  const data = newTensorData(datatype, flat.length)
  const range = limits[datatype]
  for (let i = 0; i < flat.length; i++) {
    const value = flat[i]
    if (floats.has(datatype)) {
      const number = value === null ? Number.NaN : value
      if (typeof number !== 'number') throw refuse(i)
      data[i] = (
        datatype === 'FP16' ? numberToHalf(number) : datatype === 'BF16' ? numberToBfloat(number) : number
      ) as never
    } else if (range) {
      if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) throw refuse(i)
      const whole = BigInt(value as number | bigint)
      if (whole < range[0] || whole > range[1]) throw refuse(i)
      data[i] = whole as never
    } else {
      const number = datatype === 'BOOL' && typeof value === 'boolean' ? Number(value) : value
      if (typeof number !== 'number' || (datatype === 'BOOL' && number > 1)) throw refuse(i)
      data[i] = number as never
      if (data[i] !== (number as never)) throw refuse(i)
    }
  }
  return data
}

/** What `JSON.stringify` writes of a tensor's data: every whole number with all its digits, floats that are not finite as null. */
export function tensorToJson(datatype: Datatype, data: TensorData): unknown[] {
  switch (datatype) {
    case 'BOOL':
      return Array.from(data as Uint8Array, Boolean)
    case 'FP16':
      return Array.from(data as Uint16Array, halfToNumber)
    case 'BF16':
      return Array.from(data as Uint16Array, bfloatToNumber)
    case 'INT64':
    case 'UINT64':
      return Array.from(data as BigInt64Array, (value) =>
        value >= -9_007_199_254_740_991n && value <= 9_007_199_254_740_991n ? Number(value) : rawJSON(String(value)),
      )
    default:
      return Array.from(data as ArrayLike<unknown>)
  }
}
