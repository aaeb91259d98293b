import type { Datatype, Tensor, TensorData } from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'
import { refuseSharedMemory } from './infer-parameters.ts'
import { decodeTensorBytes, encodeTensorBytes, isDatatype, textOf } from './tensor-bytes.ts'

/** 64 bits as protobufjs has them. */
interface Long {
  low: number
  high: number
}

interface TensorContents {
  bool_contents?: boolean[]
  int_contents?: number[]
  int64_contents?: Long[]
  uint_contents?: number[]
  uint64_contents?: Long[]
  fp32_contents?: number[]
  fp64_contents?: number[]
  bytes_contents?: Uint8Array[]
}

/** null where a message has the name without a value */
type Parameters = Record<string, object | null>

/** A `ModelInferRequest` as it is decoded. */
export interface GrpcInferRequest {
  model_name: string
  model_version: string
  id: string
  parameters: Parameters
  inputs: {
    name: string
    datatype: string
    shape: Long[]
    parameters: Parameters
    contents?: TensorContents | null
  }[]
  outputs: { name: string; parameters: Parameters }[]
  raw_input_contents: Uint8Array[]
}

const bigOf = ({ low, high }: Long) => (BigInt(high) << 32n) | BigInt(low >>> 0)
const isLong = (value: unknown): value is Long => typeof value === 'object' && value !== null && 'high' in value

/** The parameters of a request or a tensor as plain values; those without a value are left out. */
export function readParameters(parameters: Parameters): Record<string, unknown> {
  const read: Record<string, unknown> = {}
  for (const [name, parameter] of Object.entries(parameters)) {
    // a message has only what was sent as its own
    const [value] = Object.values(parameter ?? {})
    if (value !== undefined) read[name] = isLong(value) ? String(bigOf(value)) : value
  }
  return read
}

type Numbers = ArrayLike<number>
const smallIntegers: Partial<Record<Datatype, (values: Numbers) => Exclude<TensorData, string[]>>> = {
  INT8: (values) => Int8Array.from(values),
  INT16: (values) => Int16Array.from(values),
  INT32: (values) => Int32Array.from(values),
  UINT8: (values) => Uint8Array.from(values),
  UINT16: (values) => Uint16Array.from(values),
  UINT32: (values) => Uint32Array.from(values),
}

function fromContents(name: string, datatype: Datatype, contents: TensorContents): TensorData {
  switch (datatype) {
    case 'BOOL':
      return Uint8Array.from(contents.bool_contents ?? [], Number)
    case 'INT64':
      return BigInt64Array.from(contents.int64_contents ?? [], bigOf)
    case 'UINT64':
      return BigUint64Array.from(contents.uint64_contents ?? [], (value) => BigInt.asUintN(64, bigOf(value)))
    case 'FP32':
      return Float32Array.from(contents.fp32_contents ?? [])
    case 'FP64':
      return Float64Array.from(contents.fp64_contents ?? [])
    case 'BYTES':
      return (contents.bytes_contents ?? []).map((bytes, i) => textOf(name, i, bytes))
    case 'FP16':
    case 'BF16':
      throw new KedgeError('invalid_input', { what: `input ${name}: ${datatype} goes only as raw contents` })
    default: {
      const values = (datatype.startsWith('U') ? contents.uint_contents : contents.int_contents) ?? []
      const data = smallIntegers[datatype]!(values)
      const odd = values.findIndex((value, i) => value !== data[i])
      if (odd >= 0) throw new KedgeError('invalid_input', { what: `input ${name}: element ${odd} is no ${datatype}` })
      return data
    }
  }
}

/** The tensors of a request; raw contents exclude typed ones. Errors: `invalid_input` naming the tensor, `unsupported`. */
export function readTensors(request: GrpcInferRequest): { tensors: Tensor[]; raw: boolean } {
  const raw = request.raw_input_contents.length > 0
  if (raw && request.raw_input_contents.length !== request.inputs.length)
    throw new KedgeError('invalid_input', {
      what: `${request.inputs.length} inputs have ${request.raw_input_contents.length} raw contents`,
    })
  const tensors = request.inputs.map((input, i) => {
    const { name, datatype } = input
    if (!isDatatype(datatype))
      throw new KedgeError('invalid_input', { what: `input ${name}: ${datatype} is no datatype of the protocol` })
    refuseSharedMemory(`input ${name}`, input.parameters)
    if (raw && input.contents && Object.values(input.contents).some((list) => Array.isArray(list) && list.length > 0))
      throw new KedgeError('invalid_input', { what: `input ${name}: has contents beside the request's raw contents` })
    const data = raw
      ? decodeTensorBytes(name, datatype, request.raw_input_contents[i]!)
      : fromContents(name, datatype, input.contents ?? {})
    return { name, datatype, shape: input.shape.map((size) => Number(bigOf(size))), data }
  })
  return { tensors, raw }
}

/** The names of the outputs that are asked for, undefined for all. Errors: `unsupported`. */
export function readOutputs(request: GrpcInferRequest): string[] | undefined {
  if (request.outputs.length === 0) return undefined
  return request.outputs.map(({ name, parameters }) => {
    if (parameters.classification) throw new KedgeError('unsupported', { what: 'The classification extension' })
    refuseSharedMemory(`output ${name}`, parameters)
    return name
  })
}

const contentsField: Partial<Record<Datatype, keyof TensorContents>> = {
  BOOL: 'bool_contents',
  INT64: 'int64_contents',
  UINT64: 'uint64_contents',
  FP32: 'fp32_contents',
  FP64: 'fp64_contents',
  BYTES: 'bytes_contents',
}

function toContents({ datatype, data }: Tensor): TensorContents {
  const key = contentsField[datatype] ?? (datatype.startsWith('U') ? 'uint_contents' : 'int_contents')
  if (datatype === 'BYTES') return { [key]: (data as string[]).map((text) => Buffer.from(text)) }
  if (datatype !== 'INT64' && datatype !== 'UINT64')
    return { [key]: datatype === 'BOOL' ? Array.from(data, Boolean) : data }
  const halves = new Int32Array((data as BigInt64Array).buffer, (data as BigInt64Array).byteOffset, data.length * 2)
  return { [key]: Array.from({ length: data.length }, (_, i) => ({ low: halves[2 * i]!, high: halves[2 * i + 1]! })) }
}

/** Outputs as the request's inputs came: raw or typed. FP16 and BF16 have no typed form. */
export function writeTensors(outputs: readonly Tensor[], raw: boolean) {
  const asRaw = raw || outputs.some((output) => output.datatype === 'FP16' || output.datatype === 'BF16')
  return {
    outputs: outputs.map((output) => ({
      name: output.name,
      datatype: output.datatype,
      shape: output.shape,
      ...(asRaw ? {} : { contents: toContents(output) }),
    })),
    raw_output_contents: asRaw ? outputs.map((output) => encodeTensorBytes(output.data)) : [],
  }
}
