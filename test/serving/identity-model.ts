import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** ONNX's numbers for element types, by the protocol's names; BF16 is not exchanged by ONNX Runtime's binding for Node. */
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
  FP32: 1,
  FP64: 11,
  BYTES: 8,
} as const

const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)])
const number = (field: number, value: number) => Buffer.from([...varint(field << 3), ...varint(value)])
const bytes = (field: number, content: Buffer | string) => {
  const body = Buffer.from(content as string)
  return Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(body.length)]), body])
}
const message = (...fields: Buffer[]) => Buffer.concat(fields)

/** A matrix of any size: both dimensions are free. */
function value(name: string, type: number) {
  const free = (dimension: string) => bytes(1, bytes(2, dimension))
  const shape = message(free('rows'), free('columns'))
  return message(bytes(1, name), bytes(2, bytes(1, message(number(1, type), bytes(2, shape)))))
}

/** A folder with an ONNX model that gives back, as `NAME_out`, one matrix of each datatype: input `fp32`, output `fp32_out`. */
export async function writeIdentityModel(
  directory: string,
  datatypes = Object.keys(onnxTypes) as (keyof typeof onnxTypes)[],
): Promise<string> {
  const names = datatypes.map((datatype) => ({ name: datatype.toLowerCase(), type: onnxTypes[datatype] }))
  const graph = message(
    ...names.map(({ name }) => bytes(1, message(bytes(1, name), bytes(2, `${name}_out`), bytes(4, 'Identity')))),
    bytes(2, 'identity'),
    ...names.map(({ name, type }) => bytes(11, value(name, type))),
    ...names.map(({ name, type }) => bytes(12, value(`${name}_out`, type))),
  )
  const model = message(number(1, 8), bytes(7, graph), bytes(8, message(bytes(1, ''), number(2, 14))))
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'model.onnx'), model)
  return directory
}
