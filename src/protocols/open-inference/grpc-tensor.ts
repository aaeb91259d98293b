import type { Datatype, Tensor, TensorData } from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'
import { decodeTensorBytes, encodeTensorBytes, isDatatype } from './tensor-bytes.ts'

export interface TensorContents {
  boolContents?: boolean[]
  intContents?: number[]
  int64Contents?: string[]
  uintContents?: number[]
  uint64Contents?: string[]
  fp32Contents?: number[]
  fp64Contents?: number[]
  bytesContents?: Uint8Array[]
}

export interface GrpcTensor {
  name: string
  datatype: string
  shape: (string | number)[]
  contents?: TensorContents | null
}

export interface GrpcInferRequest {
  modelName: string
  modelVersion: string
  id: string
  parameters: Record<string, { int64Param?: string; doubleParam?: number }>
  inputs: GrpcTensor[]
  outputs: { name: string }[]
  rawInputContents: Uint8Array[]
}

const integers: Partial<Record<Datatype, (values: number[]) => TensorData>> = {
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
      return Uint8Array.from(contents.boolContents ?? [], Number)
    case 'INT64':
      return BigInt64Array.from(contents.int64Contents ?? [], BigInt)
    case 'UINT64':
      return BigUint64Array.from(contents.uint64Contents ?? [], BigInt)
    case 'FP32':
      return Float32Array.from(contents.fp32Contents ?? [])
    case 'FP64':
      return Float64Array.from(contents.fp64Contents ?? [])
    case 'BYTES':
      return (contents.bytesContents ?? []).map((bytes) => Buffer.from(bytes).toString('utf8'))
    case 'FP16':
    case 'BF16':
      throw new KedgeError('invalid_input', { what: `input ${name}: ${datatype} goes only as raw contents` })
    default:
      return integers[datatype]!((datatype.startsWith('U') ? contents.uintContents : contents.intContents) ?? [])
  }
}

/** The tensors of a request; raw contents exclude typed ones. Errors: `invalid_input` naming the tensor. */
export function readTensors(request: GrpcInferRequest): { tensors: Tensor[]; raw: boolean } {
  const raw = request.rawInputContents.length > 0
  if (raw && request.rawInputContents.length !== request.inputs.length)
    throw new KedgeError('invalid_input', {
      what: `${request.inputs.length} inputs have ${request.rawInputContents.length} raw contents`,
    })
  const tensors = request.inputs.map((input, i) => {
    const { name, datatype } = input
    if (!isDatatype(datatype))
      throw new KedgeError('invalid_input', { what: `input ${name}: ${datatype} is no datatype of the protocol` })
    const typed = input.contents && Object.values(input.contents).some((list) => Array.isArray(list) && list.length > 0)
    if (raw && typed)
      throw new KedgeError('invalid_input', { what: `input ${name}: has contents beside the request's raw contents` })
    const data = raw
      ? decodeTensorBytes(name, datatype, request.rawInputContents[i]!)
      : fromContents(name, datatype, input.contents ?? {})
    return { name, datatype, shape: input.shape.map(Number), data }
  })
  return { tensors, raw }
}

const contentsField: Partial<Record<Datatype, keyof TensorContents>> = {
  BOOL: 'boolContents',
  INT64: 'int64Contents',
  UINT64: 'uint64Contents',
  FP32: 'fp32Contents',
  FP64: 'fp64Contents',
  BYTES: 'bytesContents',
}

function toContents({ datatype, data }: Tensor): TensorContents {
  const key = contentsField[datatype] ?? (datatype.startsWith('U') ? 'uintContents' : 'intContents')
  const values =
    datatype === 'BYTES'
      ? (data as string[]).map((text) => Buffer.from(text))
      : Array.from(data as ArrayLike<unknown>, (value) =>
          datatype === 'BOOL' ? Boolean(value) : typeof value === 'bigint' ? String(value) : value,
        )
  return { [key]: values }
}

/** Outputs as the request's inputs came: raw or typed. FP16 has no typed form. */
export function writeTensors(outputs: readonly Tensor[], raw: boolean) {
  const asRaw = raw || outputs.some((output) => output.datatype === 'FP16' || output.datatype === 'BF16')
  return {
    outputs: outputs.map((output) => ({
      name: output.name,
      datatype: output.datatype,
      shape: output.shape,
      ...(asRaw ? {} : { contents: toContents(output) }),
    })),
    rawOutputContents: asRaw ? outputs.map((output) => encodeTensorBytes(output.data)) : [],
  }
}
