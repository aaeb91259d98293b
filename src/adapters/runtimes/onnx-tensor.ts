import { Tensor as OnnxTensor } from 'onnxruntime-node'
import type { Datatype, Tensor, TensorData } from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'

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

/** Errors: `unsupported` for BF16. */
export function toOnnxTensor(tensor: Tensor): OnnxTensor {
  const type = toOnnx[tensor.datatype]
  if (!type) throw new KedgeError('unsupported', { what: `The datatype ${tensor.datatype} for an ONNX model` })
  return new OnnxTensor(type as 'float32', tensor.data as Float32Array, tensor.shape)
}

/** The runtime's tensor as one of the contract, without a copy. Errors: `model_unloadable` for a type that cannot be exchanged. */
export function fromOnnxTensor(name: string, tensor: OnnxTensor): Tensor {
  return { name, datatype: datatypeOf(tensor.type), shape: [...tensor.dims], data: tensor.data as TensorData }
}
