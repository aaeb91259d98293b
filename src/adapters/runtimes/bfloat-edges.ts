import { bytesOf, numbersOf, protobufFields, textOf } from './onnx-check/protobuf-fields.ts'
import { bytesField, numberField } from './onnx-check/protobuf-message.ts'

const float = 1
const bfloat = 16
const suffix = '/float32'

export interface FloatEdges {
  model: Buffer
  /** by the model's own name of an input or output that has bfloat16, the name in `model`, where it is a float */
  inputs: Map<string, string>
  outputs: Map<string, string>
}

/**
 * A model like the given one, between whose bfloat16 inputs and outputs and the caller stand casts from and to 32-bit floats,
 * which hold every bfloat16 exactly: ONNX Runtime's binding for Node exchanges no bfloat16. Field numbers: onnx.proto3.
 * Throws `ProtobufDamaged`.
 */
export function withFloatEdges(model: Uint8Array): FloatEdges {
  const edges = { inputs: new Map<string, string>(), outputs: new Map<string, string>() }
  const parts: Uint8Array[] = []
  for (const field of protobufFields(model))
    parts.push(
      field.number === 7 ? bytesField(7, ...floatGraph(bytesOf(field), edges)) : copy(field.number, field.value),
    )
  return { model: Buffer.concat(parts), ...edges }
}

const copy = (number: number, value: bigint | Uint8Array) =>
  typeof value === 'bigint' ? numberField(number, value) : bytesField(number, value)

function floatGraph(graph: Uint8Array, { inputs, outputs }: Omit<FloatEdges, 'model'>): Buffer[] {
  const first: Buffer[] = []
  const rest: Buffer[] = []
  const last: Buffer[] = []
  for (const { number, value } of protobufFields(graph)) {
    const edge = (number === 11 || number === 12) && typeof value !== 'bigint' ? readEdge(value) : undefined
    if (edge?.type !== bfloat) {
      rest.push(copy(number, value))
      continue
    }
    const { name } = edge
    const inside = name + suffix
    rest.push(
      bytesField(number, bytesField(1, inside), bytesField(2, bytesField(1, numberField(1, float), ...edge.shape))),
    )
    if (number === 11) {
      inputs.set(name, inside)
      first.push(cast(inside, name, bfloat))
    } else {
      outputs.set(name, inside)
      last.push(cast(name, inside, float))
    }
  }
  return [...first, ...rest, ...last]
}

function readEdge(value: Uint8Array) {
  const edge = { name: '', type: 0, shape: [] as Buffer[] }
  for (const field of protobufFields(value)) {
    if (field.number === 1) edge.name = textOf(field)
    if (field.number !== 2) continue
    for (const kind of protobufFields(bytesOf(field)))
      if (kind.number === 1)
        for (const part of protobufFields(bytesOf(kind)))
          if (part.number === 1) edge.type = Number(numbersOf(part)[0])
          else if (part.number === 2) edge.shape.push(bytesField(2, bytesOf(part)))
  }
  return edge
}

/** A node `Cast` with its attribute `to`, an integer. */
const cast = (from: string, into: string, type: number) =>
  bytesField(
    1,
    bytesField(1, from),
    bytesField(2, into),
    bytesField(3, `cast ${from}`),
    bytesField(4, 'Cast'),
    bytesField(5, bytesField(1, 'to'), numberField(3, type), numberField(20, 2)),
  )
