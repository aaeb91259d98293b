import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Column,
  type Datatype,
  defineModelRuntime,
  type ModelDescription,
  modelDescription,
  type Tensor,
  type TensorData,
  type TensorSpec,
} from '../../../contracts/model-runtime.ts'
import { KedgeError } from '../../../errors.ts'
import { modelEnvironment } from './model-environment.ts'
import { startWorker } from './worker.ts'

/** Models that MLflow saved (`python_function`, any framework), each in a supervised Python process. */
export default defineModelRuntime({
  kind: 'mlflow',
  title: "MLflow's python_function, in a Python process",
  detects: (directory) =>
    access(join(directory, 'MLmodel')).then(
      () => true,
      () => false,
    ),
  async load(directory, options = {}) {
    await access(join(directory, 'MLmodel')).catch((cause) => {
      throw new KedgeError('model_unloadable', { what: 'its folder holds no MLmodel' }, { cause })
    })
    const print = options.print ?? (() => {})
    const worker = await startWorker({
      python: options.python ?? (await modelEnvironment(directory, options.environments, print)),
      folder: directory,
      threads: options.threads ?? 1,
      timeout: options.timeout ?? 120_000,
      print,
      description: await readDescription(directory),
    })
    const { inputs, outputs } = worker.loaded as unknown as { inputs: TensorSpec[]; outputs: TensorSpec[] }
    const description = worker.loaded.description ? modelDescription.parse(worker.loaded.description) : undefined
    return {
      inputs,
      outputs,
      description,
      async score(columns, rows) {
        if (!description)
          throw new KedgeError('unsupported', {
            what: 'Predicting by feature names from a model that does not name its features',
          })
        const { values, buffers } = encodeColumns(description, columns)
        const answer = await worker.request({ do: 'score', rows, values }, buffers)
        return numbersOf(Float64Array, answer.buffers[0]!) as Float64Array
      },
      async infer(tensors, names) {
        const buffers: Uint8Array[] = []
        const described = tensors.map(({ name, datatype, shape, data }) => {
          if (Array.isArray(data)) return { name, datatype, shape, texts: data }
          buffers.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
          return { name, datatype, shape }
        })
        const answer = await worker.request({ do: 'infer', tensors: described }, buffers)
        let at = 0
        const all = (answer.header.tensors as (Omit<Tensor, 'data'> & { texts?: string[] })[]).map(
          ({ texts, ...tensor }): Tensor => ({
            ...tensor,
            data: texts ?? numbersOf(elements[tensor.datatype]!, answer.buffers[at++]!),
          }),
        )
        if (!names) return all
        return names.map((name) => {
          const found = all.find((tensor) => tensor.name === name)
          if (!found) throw new KedgeError('invalid_input', { what: `The model has no output ${name}` })
          return found
        })
      },
      close: worker.close,
    }
  },
})

async function readDescription(directory: string): Promise<unknown> {
  const text = await readFile(join(directory, 'kedge-model.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return modelDescription.parse(JSON.parse(text))
  } catch (cause) {
    throw new KedgeError('model_unloadable', { what: 'its kedge-model.json is not valid' }, { cause })
  }
}

/** Numbers go as bytes, categories as texts in the header. */
function encodeColumns(description: ModelDescription, columns: readonly Column[]) {
  const buffers: Uint8Array[] = []
  const values = description.features.map((feature, i) => {
    const column = columns[i]!
    if (feature.type === 'category') return column as string[]
    const numbers = column instanceof Float64Array ? column : Float64Array.from(column as number[])
    buffers.push(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength))
    return null
  })
  return { values, buffers }
}

type Elements = { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBuffer): Exclude<TensorData, string[]> }

const elements: Partial<Record<Datatype, Elements>> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
}

/** A copy, because the bytes of a message may start anywhere. */
function numbersOf(Type: Elements, bytes: Buffer): Exclude<TensorData, string[]> {
  const copy = new ArrayBuffer(bytes.byteLength)
  new Uint8Array(copy).set(bytes)
  return new Type(copy)
}
