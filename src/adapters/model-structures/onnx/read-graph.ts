import { bytesOf, ProtobufDamaged, protobufFields, textOf } from '../../runtimes/onnx-check/protobuf-fields.ts'

/** A constant tensor of a graph; texts only for strings. */
export interface Constant {
  /** ONNX's number of the element type */
  type: number
  dims: number[]
  numbers: Float64Array
  texts: string[]
}

export interface Attribute {
  number?: number
  text?: string
  numbers: Float64Array
  texts: string[]
  tensor?: Constant
}

export interface GraphNode {
  operator: string
  domain: string
  inputs: string[]
  outputs: string[]
  attributes: Map<string, Attribute>
}

export interface Graph {
  nodes: GraphNode[]
  constants: Map<string, Constant>
  inputs: string[]
  outputs: string[]
}

/** The graph of an ONNX file with its values. Field numbers: onnx.proto3. Throws `ProtobufDamaged`. */
export function readGraph(bytes: Uint8Array): Graph {
  for (const field of protobufFields(bytes)) if (field.number === 7) return graphOf(bytesOf(field))
  throw new ProtobufDamaged('no ONNX model: it holds no graph')
}

function graphOf(bytes: Uint8Array): Graph {
  const graph: Graph = { nodes: [], constants: new Map(), inputs: [], outputs: [] }
  for (const field of protobufFields(bytes)) {
    if (field.number === 1) graph.nodes.push(nodeOf(bytesOf(field)))
    else if (field.number === 5) {
      const { name, ...constant } = tensorOf(bytesOf(field))
      graph.constants.set(name, constant)
    } else if (field.number === 11) graph.inputs.push(nameOf(bytesOf(field)))
    else if (field.number === 12) graph.outputs.push(nameOf(bytesOf(field)))
  }
  return graph
}

const nameOf = (bytes: Uint8Array) => {
  for (const field of protobufFields(bytes)) if (field.number === 1) return textOf(field)
  return ''
}

function nodeOf(bytes: Uint8Array): GraphNode {
  const node: GraphNode = { operator: '', domain: '', inputs: [], outputs: [], attributes: new Map() }
  for (const field of protobufFields(bytes)) {
    if (field.number === 1) node.inputs.push(textOf(field))
    else if (field.number === 2) node.outputs.push(textOf(field))
    else if (field.number === 4) node.operator = textOf(field)
    else if (field.number === 7) node.domain = textOf(field)
    else if (field.number === 5) {
      const [name, attribute] = attributeOf(bytesOf(field))
      node.attributes.set(name, attribute)
    }
  }
  return node
}

function attributeOf(bytes: Uint8Array): [string, Attribute] {
  let name = ''
  const floats: number[] = []
  const ints: number[] = []
  const attribute: Attribute = { numbers: new Float64Array(0), texts: [] }
  for (const { number, value } of protobufFields(bytes)) {
    const field = { number, value }
    if (number === 1) name = textOf(field)
    else if (number === 2) attribute.number = float32(value as bigint)
    else if (number === 3) attribute.number = Number(BigInt.asIntN(64, value as bigint))
    else if (number === 4) attribute.text = textOf(field)
    else if (number === 5) attribute.tensor = tensorOf(bytesOf(field))
    else if (number === 7) pushFloats(floats, value)
    else if (number === 8) pushVarints(ints, value)
    else if (number === 9) attribute.texts.push(textOf(field))
  }
  attribute.numbers = Float64Array.from(floats.length > 0 ? floats : ints)
  return [name, attribute]
}

function tensorOf(bytes: Uint8Array): Constant & { name: string } {
  let [type, name] = [0, '']
  const dims: number[] = []
  const numbers: number[] = []
  const texts: string[] = []
  let raw: Uint8Array | undefined
  for (const { number, value } of protobufFields(bytes)) {
    if (number === 1) pushVarints(dims, value)
    else if (number === 2) type = Number(value)
    else if (number === 4) pushFloats(numbers, value)
    else if (number === 5 || number === 7) pushVarints(numbers, value)
    else if (number === 6) texts.push(textOf({ number, value }))
    else if (number === 8) name = textOf({ number, value })
    else if (number === 9) raw = bytesOf({ number, value })
    else if (number === 10) pushDoubles(numbers, value)
  }
  return { name, type, dims, texts, numbers: raw ? rawNumbers(type, raw) : Float64Array.from(numbers) }
}

/** Little-endian values by ONNX's number of the type. */
const rawReaders: Record<number, [number, (view: DataView, at: number) => number]> = {
  1: [4, (view, at) => view.getFloat32(at, true)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [1, (view, at) => view.getInt8(at)],
  6: [4, (view, at) => view.getInt32(at, true)],
  7: [8, (view, at) => Number(view.getBigInt64(at, true))],
  9: [1, (view, at) => view.getUint8(at)],
  11: [8, (view, at) => view.getFloat64(at, true)],
}

function rawNumbers(type: number, raw: Uint8Array): Float64Array {
  const reader = rawReaders[type]
  if (!reader) return new Float64Array(0)
  const [width, read] = reader
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  return Float64Array.from({ length: Math.floor(raw.byteLength / width) }, (_, i) => read(view, i * width))
}

const bits = new DataView(new ArrayBuffer(8))
function float32(value: bigint): number {
  bits.setUint32(0, Number(value))
  return bits.getFloat32(0)
}

function pushFloats(into: number[], value: bigint | Uint8Array) {
  if (typeof value === 'bigint') into.push(float32(value))
  else for (const x of rawNumbers(1, value)) into.push(x)
}

function pushDoubles(into: number[], value: bigint | Uint8Array) {
  if (typeof value === 'bigint') {
    bits.setBigUint64(0, value)
    into.push(bits.getFloat64(0))
  } else for (const x of rawNumbers(11, value)) into.push(x)
}

/** Trees have long lists of small numbers: without a bigint each. */
function pushVarints(into: number[], value: bigint | Uint8Array) {
  if (typeof value === 'bigint') {
    into.push(Number(BigInt.asIntN(64, value)))
    return
  }
  for (let at = 0; at < value.length; ) {
    let [low, scale, length] = [0, 1, 0]
    for (;;) {
      const byte = value[at++]
      if (byte === undefined) throw new ProtobufDamaged('damaged: a number has no end')
      low += (byte & 0x7f) * scale
      scale *= 128
      if (byte < 0x80) break
      if (++length > 9) throw new ProtobufDamaged('damaged: a number has no end')
    }
    // ten bytes are a negative number in two's complement
    into.push(length === 9 ? low - 2 ** 64 : low)
  }
}
