import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import {
  datatypes,
  defineModelRuntime,
  type LoadedModel,
  type ModelDescription,
  modelDescription,
  type Tensor,
  type TensorSpec,
} from '../../../contracts/model-runtime.ts'
import { asKedgeError, KedgeError } from '../../../errors.ts'
import { columnsToFeeds } from '../onnx-columns.ts'
import { fromFeed } from '../onnx-tensor.ts'
import { checkAllowedHost } from './allowed-host.ts'
import { readServeFile, type ServeFile } from './serve-file.ts'
import { type SupervisedCommand, superviseCommand } from './supervised-command.ts'
import { decodeInfer, encodeInfer, type WireTensor } from './tensor-wire.ts'

const patience = 120_000
const largestAnswer = 2 ** 28
const connections = 16

/** Whatever speaks the Open Inference Protocol itself: a command that Kedge keeps running, or an address that is there. */
export default defineModelRuntime({
  kind: 'open-inference',
  title: 'A command or an address that speaks the Open Inference Protocol',
  detects: (directory) =>
    access(join(directory, 'kedge-serve.json')).then(
      () => true,
      () => false,
    ),
  async load(directory, options = {}) {
    const served = await readServeFile(directory)
    const own = await readDescription(directory)
    const agent = new Agent({ connections, keepAliveTimeout: 60_000, maxResponseSize: largestAnswer })
    const timeout = options.timeout ?? patience
    let command: SupervisedCommand | undefined
    try {
      if (served.url !== undefined) checkAllowedHost(served.url, options.hosts ?? process.env.KEDGE_MODEL_HOSTS ?? '')
      else {
        command = await superviseCommand({
          command: served.command!,
          folder: directory,
          start: served.start * 1000,
          print: options.print ?? (() => {}),
          answers: async (port) => {
            const answer = await get(
              agent,
              `http://127.0.0.1:${port}/v2/models/${encodeURIComponent(served.model)}/ready`,
            )
            return answer.status === 200
          },
        })
        await command.ready()
      }
      const server = served.url?.replace(/\/$/, '') ?? `http://127.0.0.1:${command!.port}`
      return await connect({ server, served, own, agent, command, timeout })
    } catch (error) {
      await command?.stop()
      await agent.close()
      // what ends before it is ready will do so again
      if (asKedgeError(error).code === 'worker_died')
        throw new KedgeError('model_unloadable', { what: (error as Error).message }, { cause: error })
      throw error
    }
  },
})

interface Connection {
  server: string
  served: ServeFile
  own: ModelDescription | undefined
  agent: Agent
  command: SupervisedCommand | undefined
  timeout: number
}

async function connect({ server, served, own, agent, command, timeout }: Connection): Promise<LoadedModel> {
  const model = `${server}/v2/models/${encodeURIComponent(served.model)}${served.version ? `/versions/${encodeURIComponent(served.version)}` : ''}`
  const about = await get(agent, `${server}/v2`).catch(() => undefined)
  const extensions = (about?.body as { extensions?: unknown } | undefined)?.extensions
  const binary = Array.isArray(extensions) && extensions.includes('binary_tensor_data')
  const metadata = await get(agent, model)
  if (metadata.status !== 200)
    throw new KedgeError('model_unloadable', {
      what: `${served.url ?? 'its command'} answers ${metadata.status} when it is asked for the model ${served.model}`,
    })
  const told = metadata.body as { inputs?: WireTensor[]; outputs?: WireTensor[] }
  const inputs = specs(served.inputs ?? told.inputs, 'inputs')
  const outputs = specs(served.outputs ?? told.outputs, 'outputs')
  const toFeeds = own && columnsToFeeds(own, inputs)

  async function infer(tensors: readonly Tensor[], names?: readonly string[]): Promise<Tensor[]> {
    const { body, head } = encodeInfer(tensors, names, binary)
    await command?.ready()
    const answer = await request(`${model}/infer`, {
      dispatcher: agent,
      method: 'POST',
      body,
      headers: {
        'content-type': head === undefined ? 'application/json' : 'application/octet-stream',
        ...(head === undefined ? {} : { 'inference-header-content-length': String(head) }),
      },
      headersTimeout: timeout,
      bodyTimeout: timeout,
    }).catch((cause: Error & { code?: string }) => {
      throw gone(cause, command, timeout)
    })
    const bytes = Buffer.from(
      await answer.body.arrayBuffer().catch((cause: Error & { code?: string }) => {
        throw gone(cause, command, timeout)
      }),
    )
    if (answer.statusCode !== 200) throw refused(answer.statusCode, bytes)
    const length = answer.headers['inference-header-content-length']
    let all: Tensor[]
    try {
      all = decodeInfer(bytes, length === undefined ? undefined : Number(length))
    } catch (cause) {
      throw new KedgeError(
        'prediction_failed',
        { what: `its answer does not keep to the protocol: ${(cause as Error).message}` },
        { cause },
      )
    }
    return (names ?? all.map((output) => output.name)).map((name) => {
      const found = all.find((output) => output.name === name)
      if (!found) throw new KedgeError('prediction_failed', { what: `its answer has no output ${name}` })
      return found
    })
  }

  return {
    inputs,
    outputs,
    description: own,
    parallel: connections,
    get cpu() {
      return command?.cpu ?? 0
    },
    infer,
    async score(columns, rows) {
      if (!toFeeds)
        throw new KedgeError('unsupported', {
          what: 'Predicting by feature names from a model that does not name its features',
        })
      const tensors = Object.entries(toFeeds(columns, rows)).map(([name, feed]) => fromFeed(name, feed))
      return scoresOf(own!, await infer(tensors), rows)
    },
    async close() {
      await command?.stop()
      await agent.close()
    },
  }
}

function scoresOf({ task }: ModelDescription, outputs: readonly Tensor[], rows: number): Float64Array {
  const floats = outputs.filter((output) => output.datatype === 'FP32' || output.datatype === 'FP64')
  const pair = task === 'binary' ? floats.find((output) => output.data.length === 2 * rows) : undefined
  const output = pair ?? floats.find((candidate) => candidate.data.length === rows)
  if (!output)
    throw new KedgeError('prediction_failed', { what: `none of its outputs is a score of each of ${rows} rows` })
  const [width, at] = pair ? [2, 1] : [1, 0]
  return Float64Array.from({ length: rows }, (_, row) => Number(output.data[row * width + at]))
}

function specs(given: readonly { name: string; datatype: string; shape: number[] }[] | undefined, what: string) {
  if (!given || given.length === 0)
    throw new KedgeError('model_unloadable', {
      what: `its server does not say what its ${what} are; name them in kedge-serve.json`,
    })
  return given.map(({ name, datatype, shape }): TensorSpec => {
    if (!datatypes.includes(datatype as TensorSpec['datatype']))
      throw new KedgeError('model_unloadable', { what: `${what} ${name} has the unknown datatype ${datatype}` })
    return { name, datatype: datatype as TensorSpec['datatype'], shape: shape.map(Number) }
  })
}

async function get(agent: Agent, url: string): Promise<{ status: number; body: unknown }> {
  const answer = await request(url, { dispatcher: agent, headersTimeout: 10_000, bodyTimeout: 10_000 }).catch(
    (cause: Error) => {
      throw new KedgeError('unavailable', { what: `${new URL(url).host} does not answer: ${cause.message}` }, { cause })
    },
  )
  const text = await answer.body.text()
  try {
    return { status: answer.statusCode, body: text === '' ? undefined : JSON.parse(text) }
  } catch {
    return { status: answer.statusCode, body: undefined }
  }
}

function gone(cause: Error & { code?: string }, command: SupervisedCommand | undefined, timeout: number): KedgeError {
  if (cause.code === 'UND_ERR_HEADERS_TIMEOUT' || cause.code === 'UND_ERR_BODY_TIMEOUT') {
    command?.restart(`the command of the model took longer than ${timeout / 1000} s; it is ended`)
    return new KedgeError('unavailable', { what: `The model took longer than ${timeout / 1000} s` }, { cause })
  }
  return new KedgeError(
    command ? 'worker_died' : 'unavailable',
    { what: `What serves the model does not answer: ${cause.message}` },
    { cause },
  )
}

/** What its server says of a request: the caller's to mend below 500. */
function refused(status: number, bytes: Buffer): KedgeError {
  let what = bytes.toString('utf8', 0, 300)
  try {
    const { error } = JSON.parse(bytes.toString()) as { error?: unknown }
    if (typeof error === 'string') what = error.slice(0, 300)
  } catch {
    // some say it in plain text
  }
  if (status === 429) return new KedgeError('overloaded', { what })
  return new KedgeError(status < 500 ? 'invalid_input' : 'prediction_failed', { what })
}

async function readDescription(directory: string): Promise<ModelDescription | undefined> {
  const text = await readFile(join(directory, 'kedge-model.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return modelDescription.parse(JSON.parse(text))
  } catch (cause) {
    throw new KedgeError('model_unloadable', { what: 'its kedge-model.json is not valid' }, { cause })
  }
}
