import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { halvesToNumbers, isHalf } from '../../contracts/half-floats.ts'
import {
  defineModelRuntime,
  type LoadedModel,
  type LoadOptions,
  type ModelDescription,
  modelDescription,
  type TensorSpec,
} from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'
import { checkOnnx } from './onnx-check/check-onnx.ts'
import { columnsToFeeds } from './onnx-columns.ts'
import { type OnnxSession, type OnnxValue, openSession } from './onnx-session.ts'
import { datatypeOf, fromFeed, toFeed } from './onnx-tensor.ts'
import { createOnnxThreads, type OnnxThreads } from './onnx-threads.ts'

/** one pool for all models of a process */
let threads: OnnxThreads | undefined

/**
 * ONNX in this process, on the CPU: `model.onnx` and, where the inputs do not say it all, `kedge-model.json`. Calls hold up
 * the event loop, or run in threads when `place` says so.
 */
export default defineModelRuntime({
  kind: 'onnx',
  title: 'ONNX Runtime, in process',
  async load(directory, options = {}) {
    const session = await open(await modelFile(directory), options)
    const inputs = specs(session.inputs)
    const outputs = specs(session.outputs)
    const description = (await describe(directory)) ?? guessDescription(inputs, outputs)
    return loaded(session, inputs, outputs, description)
  },
  async check(directory) {
    await checkOnnx(directory)
    const session = await open(await modelFile(directory), {}).catch((error: Error) => {
      // operators of somebody's own: nothing wrong with the file
      if (/No Op registered|is not a registered function/.test(error.message)) return undefined
      throw error
    })
    await session?.close()
  },
})

async function open(path: string, options: LoadOptions): Promise<OnnxSession> {
  const intraOp = options.threads ?? 1
  try {
    if (options.place !== 'thread') return await openSession(path, intraOp)
    threads ??= createOnnxThreads()
    return await threads.open(path, intraOp, options.timeout ?? 120_000)
  } catch (cause) {
    if (cause instanceof KedgeError) throw cause
    throw new KedgeError(
      'model_unloadable',
      { what: (cause as Error).message.split('\n')[0]!.replace(path, 'model.onnx').slice(0, 300) },
      { cause },
    )
  }
}

/** Kedge's own folders hold model.onnx, MLflow's onnx flavor too (beside MLmodel). */
async function modelFile(directory: string): Promise<string> {
  const path = join(directory, 'model.onnx')
  await access(path).catch((cause) => {
    throw new KedgeError('model_unloadable', { what: 'its folder holds no model.onnx' }, { cause })
  })
  return path
}

async function describe(directory: string): Promise<ModelDescription | undefined> {
  const text = await readFile(join(directory, 'kedge-model.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return modelDescription.parse(JSON.parse(text))
  } catch (cause) {
    throw new KedgeError('model_unloadable', { what: 'its kedge-model.json is not valid' }, { cause })
  }
}

function specs(metadata: readonly OnnxValue[]): TensorSpec[] {
  return metadata.map((value) => {
    if (!value.isTensor)
      throw new KedgeError('model_unloadable', {
        what: `${value.name} is a sequence or map, not a tensor; export scikit-learn models with zipmap=False`,
      })
    return {
      name: value.name,
      datatype: datatypeOf(value.type),
      shape: value.shape.map((size) => (typeof size === 'number' ? size : -1)),
    }
  })
}

/** Without kedge-model.json: one feature an input [N, 1], or x0, x1 … of a matrix of known width. */
function guessDescription(inputs: TensorSpec[], outputs: TensorSpec[]): ModelDescription | undefined {
  const task = outputs.some((output) => isFloat(output) && output.shape.length === 2 && output.shape[1] === 2)
    ? 'binary'
    : 'regression'
  const width = inputs[0]?.shape[1] ?? 1
  if (inputs.length === 1 && inputs[0] && isFloat(inputs[0]) && width > 1)
    return { task, features: Array.from({ length: width }, (_, i) => ({ name: `x${i}`, type: 'number' as const })) }
  if (!inputs.every((input) => input.shape.length <= 2 && (input.shape[1] ?? 1) === 1)) return undefined
  return {
    task,
    features: inputs.map((input) => ({
      name: input.name,
      type: input.datatype === 'BYTES' ? ('category' as const) : ('number' as const),
    })),
  }
}

const isFloat = ({ datatype }: TensorSpec) => datatype.startsWith('FP') || datatype === 'BF16'

/** The output that holds the score, and where in each row it stands. */
function scoreOutput(
  description: ModelDescription,
  outputs: readonly TensorSpec[],
): { name: string; width: number; at: number } {
  const numeric = outputs.filter(isFloat)
  const pair = numeric.find((output) => output.shape.length === 2 && output.shape[1] === 2)
  if (description.task === 'binary' && pair) return { name: pair.name, width: 2, at: 1 }
  const single =
    numeric.find((output) => output.shape.length < 2 || output.shape[1] === 1) ??
    numeric.find((output) => output.shape[1] === -1)
  if (!single)
    throw new KedgeError('model_unloadable', {
      what: `none of its outputs is the score of a ${description.task} model`,
    })
  return { name: single.name, width: single.shape[1] === -1 ? 0 : 1, at: 0 }
}

function loaded(
  session: OnnxSession,
  inputs: TensorSpec[],
  outputs: TensorSpec[],
  description: ModelDescription | undefined,
): LoadedModel {
  const toFeeds = description && columnsToFeeds(description, inputs)
  const target = description && scoreOutput(description, outputs)
  const fetches = target && [target.name]
  return {
    inputs,
    outputs,
    description,
    place: session.place,
    parallel: session.parallel,
    async infer(tensors, names) {
      const feeds = Object.fromEntries(tensors.map((tensor) => [tensor.name, toFeed(tensor)]))
      try {
        const results = await session.run(feeds, names)
        return (names ?? outputs.map((output) => output.name)).map((name) => fromFeed(name, results[name]!))
      } catch (cause) {
        throw refused(cause)
      }
    },
    async score(columns, rows) {
      if (!toFeeds || !target)
        throw new KedgeError('unsupported', {
          what: 'Predicting by feature names from a model that does not name its features',
        })
      const results = await session.run(toFeeds(columns, rows), fetches!)
      const result = results[target.name]!
      const datatype = datatypeOf(result.type)
      const bits = result.data as Float32Array
      const data = isHalf(datatype) ? halvesToNumbers(datatype, bits) : bits
      const width = target.width || data.length / rows
      const at = description?.task === 'binary' && width === 2 ? 1 : target.at
      const scores = new Float64Array(rows)
      for (let row = 0; row < rows; row++) scores[row] = data[row * width + at]!
      return scores
    },
    close: session.close,
  }
}

/** What the runtime says of shapes and types that do not fit is the caller's to mend. */
function refused(cause: unknown): unknown {
  if (cause instanceof KedgeError) return cause
  const text = (cause as Error).message ?? ''
  if (
    /INVALID_ARGUMENT|invalid dimensions|Got invalid|Unexpected input data type|Invalid Feed|is missing in 'feeds'|contains invalid|broadcast|Non-zero status|shape/i.test(
      text,
    )
  )
    return new KedgeError('invalid_input', { what: text.split('\n')[0]!.slice(0, 300) }, { cause })
  return cause
}
