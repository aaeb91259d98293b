import type { Datatype, Tensor } from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'
import type { Feed } from './onnx-session.ts'

const fromOnnx: Record<string, Datatype> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  bfloat16: 'BF16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
}
const toOnnx = Object.fromEntries(Object.entries(fromOnnx).map(([onnx, datatype]) => [datatype, onnx]))

/** The protocol's name of an ONNX element type. Errors: `model_unloadable`. */
export function datatypeOf(type: string): Datatype {
  const datatype = fromOnnx[type]
  if (!datatype) throw new KedgeError('model_unloadable', { what: `its tensors of type ${type} cannot be exchanged` })
  return datatype
}

export const toFeed = ({ datatype, data, shape }: Tensor): Feed => ({ type: typeOf(datatype), data, dims: shape })

/** The name that ONNX Runtime has for a datatype of the protocol. */
export const typeOf = (datatype: Datatype): string => toOnnx[datatype]!

/** What the runtime gave as a tensor of the contract, without a copy. Errors: `model_unloadable` for a type that cannot be exchanged. */
export const fromFeed = (name: string, { type, data, dims }: Feed): Tensor => ({
  name,
  datatype: datatypeOf(type),
  shape: dims,
  data,
})
