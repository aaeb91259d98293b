import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesField, numberField } from '../../src/adapters/runtimes/onnx-check/protobuf-message.ts'

/** ONNX's numbers for element types, by the protocol's names. */
export const onnxTypes = {
  BOOL: 9,
  UINT8: 2,
  UINT16: 4,
  UINT32: 12,
  UINT64: 13,
  INT8: 3,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  FP16: 10,
  BF16: 16,
  FP32: 1,
  FP64: 11,
  BYTES: 8,
} as const

const message = (...fields: Buffer[]) => Buffer.concat(fields)

/** A matrix of any size: both dimensions are free. */
function value(name: string, type: number) {
  const free = (dimension: string) => bytesField(1, bytesField(2, dimension))
  const shape = message(free('rows'), free('columns'))
  return message(bytesField(1, name), bytesField(2, bytesField(1, message(numberField(1, type), bytesField(2, shape)))))
}

/** An ONNX model of one matrix `X` with two columns of a type, whose answer `y` is the mean of each row in the same type. */
export function meanModel(datatype: keyof typeof onnxTypes): Buffer {
  const matrix = (name: string, columns: number) => {
    const shape = message(bytesField(1, bytesField(2, 'rows')), bytesField(1, numberField(1, columns)))
    const type = bytesField(1, numberField(1, onnxTypes[datatype]), bytesField(2, shape))
    return message(bytesField(1, name), bytesField(2, type))
  }
  const node = (operator: string, from: string, into: string, ...attributes: Buffer[]) =>
    bytesField(1, bytesField(1, from), bytesField(2, into), bytesField(4, operator), ...attributes)
  const integer = (name: string, value: number) =>
    bytesField(5, bytesField(1, name), numberField(3, value), numberField(20, 2))
  const axes = bytesField(5, bytesField(1, 'axes'), numberField(8, 1), numberField(20, 7))
  return message(
    numberField(1, 8),
    bytesField(
      7,
      node('Cast', 'X', 'wide', integer('to', onnxTypes.FP32)),
      node('ReduceMean', 'wide', 'mean', axes, integer('keepdims', 1)),
      node('Cast', 'mean', 'y', integer('to', onnxTypes[datatype])),
      bytesField(2, 'mean'),
      bytesField(11, matrix('X', 2)),
      bytesField(12, matrix('y', 1)),
    ),
    bytesField(8, bytesField(1, ''), numberField(2, 13)),
  )
}

/** A folder with an ONNX model that gives back, as `NAME_out`, one matrix of each datatype: input `fp32`, output `fp32_out`. */
export async function writeIdentityModel(
  directory: string,
  datatypes = Object.keys(onnxTypes) as (keyof typeof onnxTypes)[],
): Promise<string> {
  const names = datatypes.map((datatype) => ({ name: datatype.toLowerCase(), type: onnxTypes[datatype] }))
  const graph = message(
    ...names.map(({ name }) =>
      bytesField(1, message(bytesField(1, name), bytesField(2, `${name}_out`), bytesField(4, 'Identity'))),
    ),
    bytesField(2, 'identity'),
    ...names.map(({ name, type }) => bytesField(11, value(name, type))),
    ...names.map(({ name, type }) => bytesField(12, value(`${name}_out`, type))),
  )
  const model = message(
    numberField(1, 8),
    bytesField(7, graph),
    bytesField(8, message(bytesField(1, ''), numberField(2, 14))),
  )
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'model.onnx'), model)
  return directory
}
