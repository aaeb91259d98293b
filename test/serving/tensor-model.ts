import { bytesField, numberField } from '../../src/adapters/runtimes/onnx-check/protobuf-message.ts'

const FP32 = 1
const message = (...fields: Buffer[]) => Buffer.concat(fields)

function value(name: string, sizes: readonly number[]) {
  const shape = message(
    bytesField(1, bytesField(2, 'rows')),
    ...sizes.map((size) => bytesField(1, numberField(1, size))),
  )
  return message(bytesField(1, name), bytesField(2, bytesField(1, message(numberField(1, FP32), bytesField(2, shape)))))
}
const node = (operator: string, from: string[], into: string, ...attributes: Buffer[]) =>
  bytesField(
    1,
    message(...from.map((name) => bytesField(1, name)), bytesField(2, into), bytesField(4, operator), ...attributes),
  )

/**
 * An ONNX model that names no features: of an `age` [rows, 1], an `embedding` [rows, width] and a `picture` [rows, 3, 4, 4] it
 * gives as `y` the age; it needs the others all the same.
 */
export function tensorModel(width: number): Buffer {
  const axes = (name: string, ...values: number[]) =>
    bytesField(5, message(bytesField(1, name), ...values.map((x) => numberField(8, x)), numberField(20, 7)))
  const keep = bytesField(5, message(bytesField(1, 'keepdims'), numberField(3, 1), numberField(20, 2)))
  return message(
    numberField(1, 8),
    bytesField(
      7,
      message(
        node('ReduceMax', ['embedding'], 'largest', axes('axes', 1), keep),
        node('Sub', ['largest', 'largest'], 'nothing'),
        node('Add', ['age', 'nothing'], 'y'),
        node('Identity', ['picture'], 'seen'),
        bytesField(2, 'tensors'),
        bytesField(11, value('age', [1])),
        bytesField(11, value('embedding', [width])),
        bytesField(11, value('picture', [3, 4, 4])),
        bytesField(12, value('y', [1])),
        bytesField(12, value('seen', [3, 4, 4])),
      ),
    ),
    bytesField(8, message(bytesField(1, ''), numberField(2, 13))),
  )
}
