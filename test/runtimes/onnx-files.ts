/** Writes ONNX files by hand, so that they can say what no exporter would. */
const varint = (value: bigint): number[] => {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return bytes
}
const number = (field: number, value: bigint | number): Buffer =>
  Buffer.from([...varint(BigInt(field) << 3n), ...varint(BigInt(value))])
const bytes = (field: number, value: Uint8Array | string): Buffer => {
  const content = Buffer.from(value as Uint8Array)
  return Buffer.concat([
    Buffer.from([...varint((BigInt(field) << 3n) | 2n), ...varint(BigInt(content.length))]),
    content,
  ])
}
const message = (field: number, ...parts: Buffer[]) => bytes(field, Buffer.concat(parts))

export interface TensorText {
  name: string
  dims: (bigint | number)[]
  /** ONNX's number: 1 is FP32, the default, 7 is INT64 */
  type?: number
  raw?: Uint8Array
  external?: Record<string, string>
}

export const tensor = (field: number, { name, dims, type = 1, raw, external }: TensorText): Buffer =>
  message(
    field,
    ...dims.map((size) => number(1, size)),
    number(2, type),
    bytes(8, name),
    ...(raw ? [bytes(9, raw)] : []),
    ...(external
      ? [...Object.entries(external).map(([key, value]) => message(13, bytes(1, key), bytes(2, value))), number(14, 1)]
      : []),
  )

export const node = (operator: string, inputs: string[], outputs: string[], ...attributes: Buffer[]): Buffer =>
  message(
    1,
    ...inputs.map((name) => bytes(1, name)),
    ...outputs.map((name) => bytes(2, name)),
    bytes(3, `${operator.toLowerCase()}-${outputs[0]}`),
    bytes(4, operator),
    ...attributes,
  )

const value = (field: number, name: string, dims: (bigint | number)[]) =>
  message(
    field,
    bytes(1, name),
    message(2, message(1, number(1, 1), message(2, ...dims.map((size) => message(1, number(1, size)))))),
  )

/** A model with the input X [1, 2] and the output Y; `parts` are the graph's nodes and initialisers. */
export const onnxModel = (parts: Buffer[], shape: (bigint | number)[] = [1, 2]): Buffer =>
  Buffer.concat([
    number(1, 8),
    message(7, ...parts, bytes(2, 'graph'), value(11, 'X', shape), value(12, 'Y', shape)),
    message(8, bytes(1, ''), number(2, 13)),
  ])

/** An attribute that holds a tensor. */
export const attribute = (name: string, content: TensorText): Buffer =>
  message(5, bytes(1, name), number(20, 4), tensor(5, content))
