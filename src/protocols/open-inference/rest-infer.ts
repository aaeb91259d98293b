import type { Tensor } from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'
import type { InferenceNode } from '../../serving/inference/inference-node.ts'
import type { ServedEndpoint } from '../../serving/inference/served-endpoint.ts'
import { decodeUtf8 } from '../decode-utf8.ts'
import { flagsText } from '../inference/flags-text.ts'
import { readInferTerms, refuseSharedMemory } from './infer-parameters.ts'
import { decodeTensorBytes, encodeTensorBytes, isDatatype } from './tensor-bytes.ts'
import { parseExact, tensorFromJson, tensorToJson } from './tensor-json.ts'

export interface InferAnswer {
  body: Buffer
  /** length of the JSON that stands before the binary data; undefined without binary data */
  headerLength: number | undefined
}

interface JsonInput {
  name?: unknown
  datatype?: unknown
  shape?: unknown
  data?: unknown
  parameters?: Record<string, unknown> | null
}

interface JsonRequest {
  id?: unknown
  inputs?: unknown
  outputs?: unknown
  parameters?: unknown
}

/** `POST v2/models/{m}/infer`, JSON with or without the binary tensor extension. `headerLength` is `Inference-Header-Content-Length`. */
export async function restInfer(
  node: InferenceNode,
  endpoint: ServedEndpoint,
  options: {
    body: Buffer
    headerLength: string | undefined
    revision: number | undefined
    now: number
    signal?: AbortSignal | undefined
  },
): Promise<InferAnswer> {
  const { json, binary } = divide(options.body, options.headerLength)
  const request = parse(json)
  const inputs = readInputs(request.inputs, binary)
  const wanted = readOutputs(request.outputs)
  const id = request.id === undefined || request.id === '' ? node.nextId() : readId(request.id)
  const parameters = readParameters(request.parameters)
  const answer = await node.tensors(endpoint, {
    id,
    ...readInferTerms(parameters, options.now),
    inputs,
    outputs: wanted?.map((output) => output.name),
    revision: options.revision,
    signal: options.signal,
  })
  const allBinary = parameters.binary_data_output === true
  const chunks: Buffer[] = []
  const outputs = answer.outputs.map((output, i) => {
    const { name, datatype, shape } = output
    if (!(wanted?.[i]?.binary ?? allBinary)) return { name, datatype, shape, data: tensorToJson(datatype, output.data) }
    const bytes = encodeTensorBytes(output.data)
    chunks.push(bytes)
    return { name, datatype, shape, parameters: { binary_data_size: bytes.length } }
  })
  const header = Buffer.from(
    JSON.stringify({
      model_name: endpoint.name,
      model_version: String(answer.revision),
      id,
      ...(answer.flags ? { parameters: { flags: flagsText(answer.flags) } } : {}),
      outputs,
    }),
  )
  if (chunks.length === 0) return { body: header, headerLength: undefined }
  return { body: Buffer.concat([header, ...chunks]), headerLength: header.length }
}

function divide(body: Buffer, headerLength: string | undefined): { json: Buffer; binary: Buffer } {
  if (headerLength === undefined) return { json: body, binary: Buffer.alloc(0) }
  const length = /^\d{1,15}$/.test(headerLength) ? Number(headerLength) : Number.NaN
  if (!(length <= body.length))
    throw new KedgeError('invalid_input', {
      what: `Inference-Header-Content-Length is ${headerLength}, the body has ${body.length} bytes`,
    })
  return { json: body.subarray(0, length), binary: body.subarray(length) }
}

function parse(json: Buffer): JsonRequest {
  const text = decodeUtf8(json, 'The request')
  let request: unknown
  try {
    request = parseExact(text)
  } catch (cause) {
    throw new KedgeError('invalid_input', { what: `The request is not JSON: ${(cause as Error).message}` }, { cause })
  }
  if (typeof request !== 'object' || request === null || Array.isArray(request))
    throw new KedgeError('invalid_input', { what: 'The request must be an object' })
  return request as JsonRequest
}

function readId(id: unknown): string {
  if (typeof id !== 'string' || id.length > 200)
    throw new KedgeError('invalid_input', { what: 'id must be a text of at most 200 characters' })
  return id
}

function readParameters(value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw new KedgeError('invalid_input', { what: 'parameters must be an object' })
  return value as Record<string, unknown>
}

function readInputs(value: unknown, binary: Buffer): Tensor[] {
  if (!Array.isArray(value) || value.length === 0)
    throw new KedgeError('invalid_input', { what: 'inputs must be a list of tensors' })
  let at = 0
  const tensors = (value as JsonInput[]).map((input, i) => {
    const { name, datatype, shape } = input ?? {}
    if (typeof name !== 'string') throw new KedgeError('invalid_input', { what: `inputs.${i}: has no name` })
    if (!isDatatype(datatype))
      throw new KedgeError('invalid_input', {
        what: `input ${name}: ${String(datatype)} is no datatype of the protocol`,
      })
    if (!isShape(shape)) throw new KedgeError('invalid_input', { what: `input ${name}: shape must be a list of sizes` })
    refuseSharedMemory(`input ${name}`, input.parameters ?? undefined)
    const size = input.parameters?.binary_data_size
    if (size === undefined) return { name, datatype, shape, data: tensorFromJson(name, datatype, input.data) }
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || at + size > binary.length)
      throw new KedgeError('invalid_input', {
        what: `input ${name}: binary_data_size ${String(size)} does not fit the ${binary.length - at} bytes that are left`,
      })
    const data = decodeTensorBytes(name, datatype, binary.subarray(at, at + size))
    at += size
    return { name, datatype, shape, data }
  })
  if (at !== binary.length)
    throw new KedgeError('invalid_input', { what: `${binary.length - at} bytes of binary data belong to no input` })
  return tensors
}

const isShape = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= 16 && value.every((size) => Number.isSafeInteger(size) && size >= 0)

function readOutputs(value: unknown): { name: string; binary: boolean | undefined }[] | undefined {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return undefined
  if (!Array.isArray(value)) throw new KedgeError('invalid_input', { what: 'outputs must be a list' })
  return value.map((output: { name?: unknown; parameters?: Record<string, unknown> | null } | null, i) => {
    if (typeof output?.name !== 'string') throw new KedgeError('invalid_input', { what: `outputs.${i}: has no name` })
    if (output.parameters?.classification) throw new KedgeError('unsupported', { what: 'The classification extension' })
    refuseSharedMemory(`output ${output.name}`, output.parameters ?? undefined)
    const binary = output.parameters?.binary_data
    return { name: output.name, binary: typeof binary === 'boolean' ? binary : undefined }
  })
}
