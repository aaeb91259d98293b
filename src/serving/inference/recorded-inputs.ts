import type { Column, Tensor, TensorData, TensorSpec } from '../../contracts/model-runtime.ts'
import { aspectName } from '../../statistics/column-aspect.ts'

/** How the inputs of a model that does not name its features stand on record. */
export interface RecordedInputs {
  features: [name: string, number: 0 | 1][]
  /** In the order of the features; undefined where the tensors do not hold one value, vector or image a row. */
  columns(tensors: readonly Tensor[]): { columns: Column[]; rows: number } | undefined
}

/** Longer vectors are not recorded. */
const LONGEST = 8192
const numeric = new Set(['UINT8', 'UINT16', 'UINT32', 'INT8', 'INT16', 'INT32', 'FP32', 'FP64'])

/** Columns of one input. */
interface RecordedInput {
  features: [name: string, number: 0 | 1][]
  columns(data: TensorData, rows: number): Column[]
}

/**
 * Inputs of a value a row as numbers or texts, those of a vector of fixed length as JSON, images (rows × channels × height ×
 * width, or channels last) as the mean and the deviation of their elements; others are not recorded. Undefined where none is.
 */
export function recordedInputs(inputs: readonly TensorSpec[]): RecordedInputs | undefined {
  const found = inputs.flatMap((spec) => {
    const input = recordedInput(spec)
    return input ? [{ name: spec.name, ...input }] : []
  })
  if (found.length === 0) return undefined
  return {
    features: found.flatMap(({ features }) => features),
    columns(tensors) {
      const rows = tensors[0]?.shape[0] ?? 0
      if (rows === 0 || tensors.some((tensor) => tensor.shape[0] !== rows)) return undefined
      const columns = found.flatMap(({ name, columns: of }) => {
        const tensor = tensors.find((candidate) => candidate.name === name)
        return tensor ? of(tensor.data, rows) : []
      })
      return { columns, rows }
    },
  }
}

function recordedInput({ name, datatype, shape }: TensorSpec): RecordedInput | undefined {
  const [, ...rest] = shape
  if (shape.length === 0) return undefined
  if (rest.every((size) => size === 1)) return datatype === 'BYTES' ? ofTexts(name) : ofValues(name, datatype)
  if (!numeric.has(datatype)) return undefined
  if (rest.length === 1) return rest[0]! > 1 && rest[0]! <= LONGEST ? ofVectors(name, rest[0]!) : undefined
  const isImage =
    rest.length === 3 && [rest[0], rest[2]].some((channels) => channels === 1 || channels === 3 || channels === 4)
  return isImage ? ofImages(name) : undefined
}

const ofTexts = (name: string): RecordedInput => ({
  features: [[name, 0]],
  columns: (data) => [data as string[]],
})

const ofValues = (name: string, datatype: string): RecordedInput | undefined =>
  numeric.has(datatype) || datatype === 'INT64' || datatype === 'UINT64' || datatype === 'BOOL'
    ? { features: [[name, 1]], columns: (data) => [Float64Array.from(data as ArrayLike<number>, Number)] }
    : undefined

const ofVectors = (name: string, width: number): RecordedInput => ({
  features: [[name, 0]],
  columns(data, rows) {
    const values = data as Float32Array
    const text = (row: number) =>
      `[${Array.from(values.subarray(row * width, (row + 1) * width), (x) => (Number.isFinite(x) ? Number(x.toPrecision(7)) : 'null')).join(',')}]`
    return [Array.from({ length: rows }, (_, row) => text(row))]
  },
})

const ofImages = (name: string): RecordedInput => ({
  features: [
    [aspectName(name, 'brightness'), 1],
    [aspectName(name, 'contrast'), 1],
  ],
  columns(data, rows) {
    const values = data as Float32Array
    const size = values.length / rows
    const [means, deviations] = [new Float64Array(rows), new Float64Array(rows)]
    for (let row = 0; row < rows; row++) {
      let sum = 0
      for (let i = row * size; i < (row + 1) * size; i++) sum += values[i]!
      const mean = sum / size
      let squares = 0
      for (let i = row * size; i < (row + 1) * size; i++) squares += (values[i]! - mean) ** 2
      means[row] = mean
      deviations[row] = Math.sqrt(squares / Math.max(1, size - 1))
    }
    return [means, deviations]
  },
})
