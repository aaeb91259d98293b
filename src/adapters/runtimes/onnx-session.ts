// before the runtime is loaded
import './no-telemetry.ts'
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node'
import type { ModelPlace, TensorData } from '../../contracts/model-runtime.ts'

/** A tensor as ONNX Runtime names its types: plain data, so that it can go to another thread. */
export interface Feed {
  type: string
  data: TensorData
  dims: number[]
}

export interface OnnxSession {
  readonly inputs: readonly InferenceSession.ValueMetadata[]
  readonly outputs: readonly InferenceSession.ValueMetadata[]
  readonly place: ModelPlace
  readonly parallel: number
  /** The named outputs, all when absent. */
  run(feeds: Record<string, Feed>, fetches?: readonly string[]): Promise<Record<string, Feed>>
  close(): Promise<void>
}

/** A session whose runs hold up the thread that calls it. Errors: the runtime's own. */
export async function openSession(path: string, threads: number): Promise<OnnxSession> {
  const session = await InferenceSession.create(path, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  })
  return {
    inputs: session.inputMetadata,
    outputs: session.outputMetadata,
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
