// before the runtime is loaded
import './no-telemetry.ts'
import { readFile } from 'node:fs/promises'
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node'
import type { ModelPlace, TensorData } from '../../contracts/model-runtime.ts'
import { withFloatEdges } from './bfloat-edges.ts'

/** A tensor as ONNX Runtime names its types: plain data, so that it can go to another thread. */
export interface Feed {
  type: string
  data: TensorData
  dims: number[]
}

/** What a model takes or gives; `type` is `bfloat16` too, which the runtime's own types do not have. */
export type OnnxValue =
  | { name: string; isTensor: false }
  | { name: string; isTensor: true; type: string; shape: readonly (number | string)[] }

export interface OnnxSession {
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
  readonly place: ModelPlace
  readonly parallel: number
  /** The named outputs, all when absent. */
  run(feeds: Record<string, Feed>, fetches?: readonly string[]): Promise<Record<string, Feed>>
  close(): Promise<void>
}

/** A session whose runs hold up the thread that calls it. Errors: the runtime's own. */
export async function openSession(path: string, threads: number): Promise<OnnxSession> {
  const options = {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  } as const
  try {
    return inline(await InferenceSession.create(path, options))
  } catch (error) {
    if (!/Unsupported data type: 16$/.test((error as Error).message)) throw error
  }
  const { model, inputs, outputs } = withFloatEdges(await readFile(path))
  return withBfloats(inline(await InferenceSession.create(model, options)), inputs, outputs)
}

function inline(session: InferenceSession): OnnxSession {
  return {
    inputs: session.inputMetadata as readonly OnnxValue[],
    outputs: session.outputMetadata as readonly OnnxValue[],
    place: 'inline',
    parallel: 1,
    async run(feeds, fetches) {
      const tensors: Record<string, OnnxTensor> = {}
      for (const name in feeds) {
        const { type, data, dims } = feeds[name]!
        const tensor = new OnnxTensor(type as 'float32', data as Float32Array, dims)
        // the native side does not know the Float16Array that the tensor makes of the bits
        if (type === 'float16') (tensor as unknown as { cpuData: TensorData }).cpuData = data
        tensors[name] = tensor
      }
      const results = await (fetches ? session.run(tensors, fetches) : session.run(tensors))
      const outputs: Record<string, Feed> = {}
      for (const name in results) outputs[name] = plain(results[name]!)
      return outputs
    },
    close: () => session.release(),
  }
}

/** A session of a model with float edges, as the model itself would be. */
function withBfloats(
  session: OnnxSession,
  inputs: ReadonlyMap<string, string>,
  outputs: ReadonlyMap<string, string>,
): OnnxSession {
  const named = (values: readonly OnnxValue[], edges: ReadonlyMap<string, string>) => {
    const names = new Map(Array.from(edges, ([name, inside]) => [inside, name]))
    return values.map((value): OnnxValue => {
      const name = names.get(value.name)
      return name !== undefined && value.isTensor ? { ...value, name, type: 'bfloat16' } : value
    })
  }
  const outside = new Map(Array.from(outputs, ([name, inside]) => [inside, name]))
  return {
    ...session,
    inputs: named(session.inputs, inputs),
    outputs: named(session.outputs, outputs),
    async run(feeds, fetches) {
      const given: Record<string, Feed> = {}
      for (const [name, feed] of Object.entries(feeds)) {
        const inside = inputs.get(name)
        if (inside === undefined) given[name] = feed
        else given[inside] = { ...feed, type: 'float32', data: widen(feed.data as Uint16Array) }
      }
      const results = await session.run(
        given,
        fetches?.map((name) => outputs.get(name) ?? name),
      )
      return Object.fromEntries(
        Object.entries(results).map(([inside, feed]) => {
          const name = outside.get(inside)
          return name === undefined
            ? [inside, feed]
            : [name, { ...feed, type: 'bfloat16', data: narrow(feed.data as Float32Array) }]
        }),
      )
    },
  }
}

/** A bfloat16 is the upper half of a float. */
const widen = (bits: Uint16Array) => new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer)
const narrow = ({ buffer, byteOffset, length }: Float32Array) =>
  Uint16Array.from(new Uint32Array(buffer, byteOffset, length), (float) => float >>> 16)

/** FP16 as its bits, whatever this Node has for it. */
function plain({ type, data, dims }: OnnxTensor): Feed {
  const bits = data as unknown as Uint16Array
  return {
    type,
    data:
      type === 'float16' && !(bits instanceof Uint16Array)
        ? new Uint16Array((bits as Uint16Array).buffer, (bits as Uint16Array).byteOffset, (bits as Uint16Array).length)
        : (data as TensorData),
    dims: [...dims],
  }
}
