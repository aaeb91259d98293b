import { halvesToNumbers, isHalf, numbersToHalves } from '../../../contracts/half-floats.ts'
import {
  type Datatype,
  elementsOf,
  type NumericData,
  type Tensor,
  type TensorData,
} from '../../../contracts/model-runtime.ts'

export interface WireTensor {
  name: string
  datatype: Datatype
  shape: number[]
  data?: unknown
  parameters?: { binary_data_size?: number }
}

/** A request's body; `head` is the length of its JSON when bytes follow it. */
export function encodeInfer(
  tensors: readonly Tensor[],
  outputs: readonly string[] | undefined,
  binary: boolean,
): { body: Buffer; head: number | undefined } {
  const chunks: Buffer[] = []
  const inputs = tensors.map(({ name, datatype, shape, data }) => {
    if (!binary) return { name, datatype, shape, data: plain(datatype, data) }
    const bytes = bytesOf(data)
    chunks.push(bytes)
    return { name, datatype, shape, parameters: { binary_data_size: bytes.length } }
  })
  const asked = outputs?.map((name) => ({ name, ...(binary ? { parameters: { binary_data: true } } : {}) }))
  const head = Buffer.from(
    JSON.stringify(
      { inputs, ...(asked ? { outputs: asked } : {}), ...(binary ? { parameters: { binary_data_output: true } } : {}) },
      (_, value) => (typeof value === 'bigint' ? exact(value) : value),
    ),
  )
  return { body: Buffer.concat([head, ...chunks]), head: binary ? head.length : undefined }
}

/** All digits of 64 bits. */
const exact = (value: bigint) => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value))

function plain(datatype: Datatype, data: TensorData): unknown[] {
  if (isHalf(datatype)) return Array.from(halvesToNumbers(datatype, data as Uint16Array))
  if (datatype === 'BOOL') return Array.from(data as Uint8Array, Boolean)
  return Array.from(data as Float64Array)
}

function bytesOf(data: TensorData): Buffer {
  if (!Array.isArray(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return Buffer.concat(
    data.flatMap((text) => {
      const content = Buffer.from(text)
      const length = Buffer.alloc(4)
      length.writeUInt32LE(content.length)
      return [length, content]
    }),
  )
}

/** The tensors of an answer. Throws when it does not keep to the protocol. */
export function decodeInfer(body: Buffer, head: number | undefined): Tensor[] {
  const end = head ?? body.length
  const { outputs } = JSON.parse(body.toString('utf8', 0, end)) as { outputs: WireTensor[] }
  let at = end
  return outputs.map(({ name, datatype, shape, data, parameters }) => {
    const count = shape.reduce((product, size) => product * size, 1)
    const size = parameters?.binary_data_size
    const from = at
    at += size ?? 0
    const values =
      size === undefined
        ? fromJson(datatype, (data as unknown[]).flat(Number.POSITIVE_INFINITY))
        : fromBytes(datatype, body.subarray(from, at), size)
    if (values.length !== count)
      throw new Error(`output ${name} has ${values.length} elements, its shape [${shape}] needs ${count}`)
    return { name, datatype, shape, data: values }
  })
}

function fromJson(datatype: Datatype, values: unknown[]): TensorData {
  if (datatype === 'BYTES') return values.map((value) => String(value))
  if (isHalf(datatype))
    return numbersToHalves(
      datatype,
      values.map((value) => (value === null ? Number.NaN : Number(value))),
    )
  const Type = elementsOf[datatype] as unknown as {
    from(values: unknown[], map: (value: unknown) => unknown): NumericData
  }
  const big = datatype === 'INT64' || datatype === 'UINT64'
  return Type.from(values, (value) => (big ? BigInt(value as number) : value === null ? Number.NaN : Number(value)))
}

function fromBytes(datatype: Datatype, bytes: Buffer, size: number): TensorData {
  if (bytes.length !== size) throw new Error('the answer is shorter than it says')
  if (datatype !== 'BYTES') {
    const own = new ArrayBuffer(size)
    new Uint8Array(own).set(bytes)
    return new elementsOf[datatype](own)
  }
  const texts: string[] = []
  for (let at = 0; at < size; ) {
    const length = bytes.readUInt32LE(at)
    texts.push(bytes.toString('utf8', at + 4, at + 4 + length))
    at += 4 + length
  }
  return texts
}
