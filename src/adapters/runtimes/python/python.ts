import { access, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineModelRuntime, modelDescription, type TensorSpec } from '../../../contracts/model-runtime.ts'
import { KedgeError } from '../../../errors.ts'
import { decodeTensors, encodeColumns, encodeTensors, numbersOf } from './column-bytes.ts'
import { modelEnvironment } from './model-environment.ts'
import { startWorkerPool } from './worker-pool.ts'
import { startWorkerProcess } from './worker-process.ts'

const patience = 120_000

/** Models that MLflow saved (`python_function`, any framework), each in supervised Python processes. */
export default defineModelRuntime({
  kind: 'mlflow',
  title: "MLflow's python_function, in Python processes",
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
    const timeout = options.timeout ?? patience
    const own = await readDescription(directory)
    const python = options.python ?? (await modelEnvironment(directory, options.environments, print))
    const pool = await startWorkerPool({
      start: () =>
        startWorkerProcess({
          python,
          folder: directory,
          threads: options.threads ?? 1,
          timeout,
          loadTimeout: Math.max(timeout, patience),
          // resident memory is watched; this stops what asks for far more at once
          memory: options.memory === undefined ? undefined : options.memory * 2 + 2 ** 30,
          print,
          description: own,
        }),
      print,
      instances: options.instances ?? { min: 1, max: Math.min(4, availableParallelism()) },
      memory: options.memory,
    })
    const { inputs, outputs } = pool.loaded as unknown as { inputs: TensorSpec[]; outputs: TensorSpec[] }
    const description = pool.loaded.description ? modelDescription.parse(pool.loaded.description) : undefined
    return {
      inputs,
      outputs,
      description,
      get cpu() {
        return pool.cpu
      },
      get parallel() {
        return pool.parallel
      },
      async score(columns, rows) {
        if (!description)
          throw new KedgeError('unsupported', {
            what: 'Predicting by feature names from a model that does not name its features',
          })
        const { texts, buffers } = encodeColumns(description, columns, rows)
        const answer = await pool.request({ do: 'score', rows, texts }, buffers)
        return numbersOf(Float64Array, answer.buffers[0]!) as Float64Array
      },
      async infer(tensors, names) {
        const { described, buffers } = encodeTensors(tensors)
        const answer = await pool.request({ do: 'infer', tensors: described }, buffers)
        const all = decodeTensors(answer.header.tensors as Parameters<typeof decodeTensors>[0], answer.buffers)
        if (!names) return all
        return names.map((name) => {
          const found = all.find((tensor) => tensor.name === name)
          if (!found) throw new KedgeError('invalid_input', { what: `The model has no output ${name}` })
          return found
        })
      },
      close: pool.close,
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
