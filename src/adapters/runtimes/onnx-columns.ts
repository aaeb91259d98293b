import { isHalf, numbersToHalves } from '../../contracts/half-floats.ts'
import type { Column, Datatype, ModelDescription, TensorData, TensorSpec } from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'
import type { Feed } from './onnx-session.ts'
import { typeOf } from './onnx-tensor.ts'

type Feeds = Record<string, Feed>
export type ToFeeds = (columns: readonly Column[], rows: number) => Feeds

const elements: Partial<Record<Datatype, (column: Column) => TensorData>> = {
  FP32: (column) => Float32Array.from(column as number[]),
  FP64: (column) => Float64Array.from(column as number[]),
  FP16: (column) => numbersToHalves('FP16', column as number[]),
  BF16: (column) => numbersToHalves('BF16', column as number[]),
  INT64: (column) => BigInt64Array.from(column as number[], (value) => BigInt(Math.trunc(value))),
  INT32: (column) => Int32Array.from(column as number[]),
  BOOL: (column) => Uint8Array.from(column as number[]),
  BYTES: (column) => column as string[],
}

/** One tensor [rows, 1] an input, or one matrix [rows, features]. Errors: `model_unloadable` where the two do not fit. */
export function columnsToFeeds(description: ModelDescription, inputs: readonly TensorSpec[]): ToFeeds {
  const { features } = description
  const [only] = inputs
  if (inputs.length === 1 && only && features.length > 1) return matrixFeeds(description, only)
  const plan = features.map((feature, index) => {
    const input =
      inputs.find((candidate) => candidate.name === feature.name) ?? (inputs.length === 1 ? only : undefined)
    if (!input)
      throw new KedgeError('model_unloadable', {
        what: `kedge-model.json names the feature ${feature.name}, which is no input of the model`,
      })
    const fits = (feature.type === 'category') === (input.datatype === 'BYTES')
    const convert = elements[input.datatype]
    if (!fits || !convert)
      throw new KedgeError('model_unloadable', {
        what: `the feature ${feature.name} is a ${feature.type}, but the model's input is ${input.datatype}`,
      })
    return {
      name: input.name,
      type: typeOf(input.datatype),
      convert,
      index,
      flat: input.shape.length === 1,
    }
  })
  const fed = new Set(plan.map((entry) => entry.name))
  const hungry = inputs.find((input) => !fed.has(input.name))
  if (hungry)
    throw new KedgeError('model_unloadable', { what: `its input ${hungry.name} is no feature of kedge-model.json` })
  return (columns, rows) => {
    const feeds: Feeds = {}
    for (const { name, type, convert, index, flat } of plan)
      feeds[name] = { type, data: convert(columns[index]!), dims: flat ? [rows] : [rows, 1] }
    return feeds
  }
}

function matrixFeeds({ features }: ModelDescription, input: TensorSpec): ToFeeds {
  const width = features.length
  const expected = input.shape[1] ?? -1
  if (expected > 0 && expected !== width)
    throw new KedgeError('model_unloadable', {
      what: `kedge-model.json names ${width} features, the model takes ${expected}`,
    })
  const category = features.find((feature) => feature.type === 'category')
  const { datatype } = input
  if (category || (datatype !== 'FP32' && datatype !== 'FP64' && !isHalf(datatype)))
    throw new KedgeError('model_unloadable', {
      what: `its one input of ${input.datatype} cannot take ${category ? `the category ${category.name}` : 'numbers'}`,
    })
  const Elements = datatype === 'FP64' ? Float64Array : Float32Array
  const type = typeOf(datatype)
  return (columns, rows) => {
    const data = new Elements(rows * width)
    for (let column = 0; column < width; column++) {
      const values = columns[column] as number[]
      for (let row = 0, at = column; row < rows; row++, at += width) data[at] = values[row]!
    }
    const halves = isHalf(datatype) ? numbersToHalves(datatype, data) : data
    return { [input.name]: { type, data: halves, dims: [rows, width] } }
  }
}
