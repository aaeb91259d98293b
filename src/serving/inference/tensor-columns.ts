import { halvesToNumbers, isHalf } from '../../contracts/half-floats.ts'
import type { Column, ModelDescription, Tensor, TensorSpec } from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'

const elements = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)

/** Errors: `invalid_input` naming the tensor that is unknown, missing, of another type or of another shape. */
export function checkTensors(inputs: readonly TensorSpec[], tensors: readonly Tensor[]): void {
  const seen = new Set<string>()
  for (const tensor of tensors) {
    const spec = inputs.find((input) => input.name === tensor.name)
    const refuse = (what: string) =>
      new KedgeError(
        'invalid_input',
        { what: `input ${tensor.name}: ${what}` },
        { places: [{ where: `inputs.${tensor.name}`, what }] },
      )
    if (!spec) throw refuse(`is no input of the model, which takes ${inputs.map((input) => input.name).join(', ')}`)
    if (seen.has(tensor.name)) throw refuse('is given twice')
    seen.add(tensor.name)
    if (tensor.datatype !== spec.datatype) throw refuse(`must be ${spec.datatype}, is ${tensor.datatype}`)
    if (!tensor.shape.every((size) => Number.isSafeInteger(size) && size >= 0))
      throw refuse(`has the impossible shape [${tensor.shape}]`)
    if (
      tensor.shape.length !== spec.shape.length ||
      spec.shape.some((size, i) => size >= 0 && size !== tensor.shape[i])
    )
      throw refuse(`must have the shape [${spec.shape}], has [${tensor.shape}]`)
    if (elements(tensor.shape) !== tensor.data.length)
      throw refuse(`has ${tensor.data.length} elements, its shape [${tensor.shape}] needs ${elements(tensor.shape)}`)
  }
  const missing = inputs.find((input) => !seen.has(input.name))
  if (missing)
    throw new KedgeError(
      'invalid_input',
      { what: `input ${missing.name}: is missing` },
      { places: [{ where: `inputs.${missing.name}`, what: 'is missing' }] },
    )
}

/** The tensors of a batch as columns of the model's features; undefined where they are not a column or a matrix of them. */
export function columnsOfTensors(
  description: ModelDescription,
  tensors: readonly Tensor[],
): { columns: Column[]; rows: number } | undefined {
  const { features } = description
  const rows = tensors[0]?.shape[0] ?? 0
  if (tensors.some((tensor) => tensor.shape[0] !== rows)) return undefined
  const [only] = tensors
  if (tensors.length === 1 && only && features.length > 1) {
    if (only.shape.length !== 2 || only.shape[1] !== features.length) return undefined
    const width = features.length
    const data = plain(only)
    return { rows, columns: features.map(({ type }, column) => columnOf(data, rows, type, column, width)) }
  }
  const columns: Column[] = []
  for (const feature of features) {
    const tensor =
      tensors.find((candidate) => candidate.name === feature.name) ?? (tensors.length === 1 ? only : undefined)
    if (!tensor || tensor.data.length !== rows) return undefined
    columns.push(columnOf(plain(tensor), rows, feature.type))
  }
  return { columns, rows }
}

/** Values as they are meant: of halves the tensor has the bits. */
const plain = ({ datatype, data }: Tensor): ArrayLike<number> =>
  isHalf(datatype) ? halvesToNumbers(datatype, data as Uint16Array) : (data as Float64Array)

/** Every `step`th value from `from` on. */
function columnOf(
  data: ArrayLike<number | bigint | string>,
  rows: number,
  type: 'number' | 'category',
  from = 0,
  step = 1,
): Column {
  const column: (number | string)[] = new Array(rows)
  if (type === 'number') for (let row = 0, at = from; row < rows; row++, at += step) column[row] = Number(data[at])
  else for (let row = 0, at = from; row < rows; row++, at += step) column[row] = String(data[at])
  return column as Column
}

/** The score of each row in a model's outputs: see `LoadedModel.score`. Undefined where no output is one. */
export function scoresOfTensors(
  description: Pick<ModelDescription, 'task'>,
  outputs: readonly Tensor[],
  rows: number,
): Float64Array | undefined {
  const floats = outputs.filter(({ datatype }) => datatype === 'FP32' || datatype === 'FP64' || isHalf(datatype))
  const pair = floats.find((output) => output.shape.length === 2 && output.shape[1] === 2)
  const [output, width, at] =
    description.task === 'binary' && pair
      ? [pair, 2, 1]
      : [floats.find((candidate) => candidate.data.length === rows), 1, 0]
  if (!output) return undefined
  const data = plain(output)
  return Float64Array.from({ length: rows }, (_, row) => data[row * width + at]!)
}
