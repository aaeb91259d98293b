import { lstat, readFile } from 'node:fs/promises'
import { isAbsolute, join, normalize, sep } from 'node:path'
import { KedgeError } from '../../../errors.ts'
import { ProtobufDamaged } from './protobuf-fields.ts'
import { type OnnxGraph, type OnnxTensor, readOnnx } from './read-onnx.ts'

/** Bytes of an element by ONNX's number of its type; absent: texts and types smaller than a byte. */
const widths: Record<number, number> = {
  1: 4,
  2: 1,
  3: 1,
  4: 2,
  5: 2,
  6: 4,
  7: 8,
  9: 1,
  10: 2,
  11: 8,
  12: 4,
  13: 8,
  16: 2,
}
/** what protobuf itself allows for one message */
const largestFile = 2 ** 31 - 1
const mostElements = 2n ** 31n

/**
 * Reads the ONNX file of a folder without running it: is it whole, do its values lie in the folder, do sizes and shapes
 * fit, has its graph no circle. Errors: `model_unloadable` with what is wrong.
 */
export async function checkOnnx(folder: string, mostBytes = 4 * 2 ** 30): Promise<void> {
  const refuse = (what: string) => new KedgeError('model_unloadable', { what: `model.onnx ${what}` })
  const file = await lstat(join(folder, 'model.onnx')).catch((cause) => {
    throw new KedgeError('model_unloadable', { what: 'its folder holds no model.onnx' }, { cause })
  })
  if (!file.isFile()) throw refuse('is no plain file')
  if (file.size === 0) throw refuse('is empty')
  if (file.size > largestFile) throw refuse('is larger than 2 GiB; keep its weights as external data')
  let graphs: OnnxGraph[]
  try {
    graphs = readOnnx(await readFile(join(folder, 'model.onnx')))
  } catch (error) {
    if (error instanceof ProtobufDamaged) throw refuse(`is ${error.message}`)
    throw error
  }
  let total = BigInt(file.size)
  const all = graphs.flatMap(withInner)
  for (const graph of all) {
    for (const { name, dims } of graph.inputs) checkShape(`the input ${name}`, dims, refuse)
    for (const tensor of graph.tensors) {
      const who = `the tensor ${tensor.name || 'without a name'}`
      const elements = checkShape(who, tensor.dims, refuse)
      if (tensor.external) total += await checkExternal(folder, tensor, who, elements, refuse)
      else checkBytes(tensor, who, elements, refuse)
    }
    const circle = findCircle(graph)
    if (circle) throw refuse(`has a circle in its graph: ${circle}`)
  }
  if (total > BigInt(mostBytes)) throw refuse(`and its data have ${total} bytes, more than the limit of ${mostBytes}`)
}

type Refuse = (what: string) => KedgeError

const withInner = (graph: OnnxGraph): OnnxGraph[] => [graph, ...graph.graphs.flatMap(withInner)]

function checkShape(who: string, dims: readonly bigint[], refuse: Refuse): bigint {
  const negative = dims.find((size) => size < 0n)
  if (negative !== undefined) throw refuse(`gives ${who} the impossible shape [${dims}]`)
  const elements = dims.reduce((product, size) => product * size, 1n)
  if (elements > mostElements) throw refuse(`gives ${who} the shape [${dims}], which is ${elements} elements`)
  return elements
}

function checkBytes({ type, bytes }: OnnxTensor, who: string, elements: bigint, refuse: Refuse) {
  const width = widths[type]
  if (bytes === undefined || width === undefined) return
  if (BigInt(bytes) !== elements * BigInt(width))
    throw refuse(`says that ${who} has ${elements} elements of ${width} bytes, but holds ${bytes} bytes of it`)
}

/** The bytes that a tensor has in a file beside the model; that file must be one of the folder. */
async function checkExternal(
  folder: string,
  { external, type }: OnnxTensor,
  who: string,
  elements: bigint,
  refuse: Refuse,
): Promise<bigint> {
  const location = external!.location
  if (!location) throw refuse(`keeps the values of ${who} in another file, but does not name it`)
  const path = normalize(location)
  const outside =
    isAbsolute(location) ||
    /^[A-Za-z]:/.test(location) ||
    location.includes('\\') ||
    location.includes('\0') ||
    path === '..' ||
    path.startsWith(`..${sep}`) ||
    location.split('/').includes('..')
  if (outside) throw refuse(`wants the values of ${who} from ${JSON.stringify(location)}, which is outside its folder`)
  let at = folder
  for (const part of path.split(sep)) {
    at = join(at, part)
    const entry = await lstat(at).catch(() => undefined)
    if (!entry) throw refuse(`wants the values of ${who} from ${location}, which is not in its folder`)
    if (entry.isSymbolicLink())
      throw refuse(`wants the values of ${who} from ${location}, which is a link and could lead outside its folder`)
  }
  const file = await lstat(at)
  if (!file.isFile()) throw refuse(`wants the values of ${who} from ${location}, which is no plain file`)
  const number = (name: string, otherwise: bigint) => {
    const text = external![name]
    if (text === undefined || text === '') return otherwise
    if (!/^\d{1,18}$/.test(text)) throw refuse(`gives ${who} the impossible ${name} ${JSON.stringify(text)}`)
    return BigInt(text)
  }
  const offset = number('offset', 0n)
  const length = number('length', elements * BigInt(widths[type] ?? 1))
  if (offset + length > BigInt(file.size))
    throw refuse(
      `wants bytes ${offset} to ${offset + length} of ${location} for ${who}, which has only ${file.size} bytes`,
    )
  const width = widths[type]
  if (width !== undefined && length !== elements * BigInt(width))
    throw refuse(`says that ${who} has ${elements} elements of ${width} bytes, but ${length} bytes of ${location}`)
  return length
}

/** Some nodes that wait for each other, by their names; undefined when there are none. */
function findCircle({ nodes }: OnnxGraph): string | undefined {
  const maker = new Map<string, number>()
  nodes.forEach((node, i) => {
    for (const output of node.outputs) if (output !== '') maker.set(output, i)
  })
  const state = new Uint8Array(nodes.length)
  const nameOf = (i: number) => nodes[i]!.name || nodes[i]!.operator
  for (let first = 0; first < nodes.length; first++) {
    if (state[first]) continue
    const path: { node: number; next: number }[] = [{ node: first, next: 0 }]
    state[first] = 1
    while (path.length > 0) {
      const top = path.at(-1)!
      const input = nodes[top.node]!.inputs[top.next++]
      if (input === undefined) {
        state[top.node] = 2
        path.pop()
        continue
      }
      const before = maker.get(input)
      if (before === undefined || state[before] === 2) continue
      if (state[before] === 1) {
        const circle = path.slice(path.findIndex((step) => step.node === before)).map((step) => nameOf(step.node))
        return [...circle, circle[0]].slice(0, 10).join(' ← ')
      }
      state[before] = 1
      path.push({ node: before, next: 0 })
    }
  }
  return undefined
}
