import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const varint = (value: number): number[] => {
  const bytes: number[] = []
  let left = value
  while (left > 127) {
    bytes.push((left % 128) | 128)
    left = Math.floor(left / 128)
  }
  return [...bytes, left]
}
const number = (field: number, value: number) => Buffer.from([...varint(field * 8), ...varint(value)])
const bytes = (field: number, value: Buffer | string) => {
  const content = Buffer.from(value)
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(content.length)]), content])
}
const message = (field: number, ...parts: Buffer[]) => bytes(field, Buffer.concat(parts))

const float = 1
const int64 = 7
const tensor = (dims: number[], type: number, raw: Buffer, name = '') =>
  Buffer.concat([...dims.map((dim) => number(1, dim)), number(2, type), bytes(8, name), bytes(9, raw)])
const node = (type: string, inputs: string[], output: string, ...attributes: Buffer[]) =>
  message(1, ...inputs.map((input) => bytes(1, input)), bytes(2, output), bytes(4, type), ...attributes)
const value = (field: number, name: string) =>
  message(
    field,
    bytes(1, name),
    message(2, message(1, number(1, float), message(2, message(1, bytes(2, 'rows')), message(1, number(1, 1))))),
  )

/**
 * An ONNX model of one feature `x` whose answer is `x` times `factor`, after `layers` products with a matrix of `width`²:
 * as heavy as one likes, in a file of a few hundred bytes.
 */
export function averagingModel({ layers = 0, width = 8, factor = 1 } = {}): Buffer {
  const constant = (name: string, fill: number) =>
    node(
      'ConstantOfShape',
      [`${name}_shape`],
      name,
      message(
        5,
        bytes(1, 'value'),
        message(5, tensor([1], float, Buffer.from(Float32Array.of(fill).buffer))),
        number(20, 4),
      ),
    )
  const shape = (name: string, of: number[]) =>
    message(5, tensor([of.length], int64, Buffer.from(BigInt64Array.from(of, BigInt).buffer), `${name}_shape`))
  return Buffer.concat([
    number(1, 8),
    message(8, bytes(1, ''), number(2, 13)),
    message(
      7,
      constant('spread', factor),
      constant('mean', 1 / width),
      node('MatMul', ['x', 'spread'], 'h0'),
      ...Array.from({ length: layers }, (_, i) => node('MatMul', [`h${i}`, 'mean'], `h${i + 1}`)),
      node(
        'ReduceMean',
        [`h${layers}`],
        'y',
        message(5, bytes(1, 'axes'), number(8, 1), number(20, 7)),
        message(5, bytes(1, 'keepdims'), number(3, 1), number(20, 2)),
      ),
      bytes(2, 'averaging'),
      shape('spread', [1, width]),
      shape('mean', [width, width]),
      value(11, 'x'),
      value(12, 'y'),
    ),
  ])
}

/** The model as a folder, with rows and answers on record when they are given. */
export async function writeModel(
  folder: string,
  model: Parameters<typeof averagingModel>[0],
  sample?: { instances: Record<string, number>[]; scores: number[] },
): Promise<string> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'model.onnx'), averagingModel(model))
  if (sample) await writeFile(join(folder, 'kedge-sample.json'), JSON.stringify(sample))
  return folder
}
