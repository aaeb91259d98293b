import { bytesOf, numbersOf, ProtobufDamaged, protobufFields, textOf } from './protobuf-fields.ts'

/** What an ONNX file says of its parts, as far as a check needs it. Field numbers: onnx.proto3. */
export interface OnnxTensor {
  name: string
  type: number
  dims: bigint[]
  /** bytes of its values in the file itself; undefined when they are counted as numbers of some width */
  bytes: number | undefined
  /** entries of `external_data`, when its values are in another file */
  external: Record<string, string> | undefined
}

export interface OnnxNode {
  name: string
  operator: string
  inputs: string[]
  outputs: string[]
}

export interface OnnxGraph {
  nodes: OnnxNode[]
  /** of initialisers and of attributes, sub-graphs included */
  tensors: OnnxTensor[]
  inputs: { name: string; dims: bigint[] }[]
  /** of nodes that branch or loop */
  graphs: OnnxGraph[]
}

const deepest = 32

/** The graph of a model, and those of its functions. Throws `ProtobufDamaged`. */
export function readOnnx(bytes: Uint8Array): OnnxGraph[] {
  const graphs: OnnxGraph[] = []
  let has = false
  for (const field of protobufFields(bytes)) {
    if (field.number === 7) {
      graphs.push(readGraph(bytesOf(field), 0))
      has = true
    } else if (field.number === 25) graphs.push(readGraph(bytesOf(field), 0, true))
  }
  if (!has) throw new ProtobufDamaged('no ONNX model: it holds no graph')
  return graphs
}

/** A function has its nodes under another number. */
function readGraph(bytes: Uint8Array, depth: number, isFunction = false): OnnxGraph {
  if (depth > deepest) throw new ProtobufDamaged(`nested deeper than ${deepest} graphs`)
  const graph: OnnxGraph = { nodes: [], tensors: [], inputs: [], graphs: [] }
  for (const field of protobufFields(bytes)) {
    if (isFunction) {
      if (field.number === 7) graph.nodes.push(readNode(bytesOf(field), graph, depth))
    } else if (field.number === 1) graph.nodes.push(readNode(bytesOf(field), graph, depth))
    else if (field.number === 5) graph.tensors.push(readTensor(bytesOf(field)))
    else if (field.number === 11) graph.inputs.push(readInput(bytesOf(field)))
    else if (field.number === 15) readSparse(bytesOf(field), graph)
  }
  return graph
}

function readNode(bytes: Uint8Array, graph: OnnxGraph, depth: number): OnnxNode {
  const node: OnnxNode = { name: '', operator: '', inputs: [], outputs: [] }
  for (const field of protobufFields(bytes)) {
    if (field.number === 1) node.inputs.push(textOf(field))
    else if (field.number === 2) node.outputs.push(textOf(field))
    else if (field.number === 3) node.name = textOf(field)
    else if (field.number === 4) node.operator = textOf(field)
    else if (field.number === 5)
      for (const attribute of protobufFields(bytesOf(field))) {
        if (attribute.number === 5 || attribute.number === 10) graph.tensors.push(readTensor(bytesOf(attribute)))
        else if (attribute.number === 6 || attribute.number === 11)
          graph.graphs.push(readGraph(bytesOf(attribute), depth + 1))
        else if (attribute.number === 22) readSparse(bytesOf(attribute), graph)
      }
  }
  return node
}

function readSparse(bytes: Uint8Array, graph: OnnxGraph) {
  for (const field of protobufFields(bytes))
    if (field.number === 1 || field.number === 2) graph.tensors.push(readTensor(bytesOf(field)))
}

function readTensor(bytes: Uint8Array): OnnxTensor {
  const tensor: OnnxTensor = { name: '', type: 0, dims: [], bytes: undefined, external: undefined }
  for (const field of protobufFields(bytes)) {
    if (field.number === 1) tensor.dims.push(...numbersOf(field))
    else if (field.number === 2) tensor.type = Number(field.value)
    else if (field.number === 8) tensor.name = textOf(field)
    else if (field.number === 9) tensor.bytes = bytesOf(field).byteLength
    else if (field.number === 13) {
      tensor.external ??= {}
      let key = ''
      let value = ''
      for (const part of protobufFields(bytesOf(field)))
        if (part.number === 1) key = textOf(part)
        else if (part.number === 2) value = textOf(part)
      tensor.external[key] = value
    } else if (field.number === 14 && field.value === 1n) tensor.external ??= {}
  }
  return tensor
}

function readInput(bytes: Uint8Array): { name: string; dims: bigint[] } {
  const input = { name: '', dims: [] as bigint[] }
  for (const field of protobufFields(bytes)) {
    if (field.number === 1) input.name = textOf(field)
    if (field.number !== 2) continue
    for (const type of protobufFields(bytesOf(field)))
      if (type.number === 1)
        for (const part of protobufFields(bytesOf(type)))
          if (part.number === 2)
            for (const dim of protobufFields(bytesOf(part)))
              if (dim.number === 1)
                for (const value of protobufFields(bytesOf(dim)))
                  if (value.number === 1) input.dims.push(...numbersOf(value))
  }
  return input
}
