import type { Datatype, TensorSpec } from '../../contracts/model-runtime.ts'
import { asKedgeError, KedgeError } from '../../errors.ts'
import type { InferenceNode } from '../../serving/inference/inference-node.ts'
import type { ServedEndpoint, ServedRevision } from '../../serving/inference/served-endpoint.ts'

const specOf = ({ name, datatype, shape }: TensorSpec): { name: string; datatype: Datatype; shape: number[] } => ({
  name,
  datatype,
  shape: [...shape],
})

const answeringOnes = (endpoint: ServedEndpoint) => endpoint.revisions.filter((revision) => revision.traffic > 0)
const platformOf = (revision: ServedRevision) => (revision.kind === 'onnx' ? 'onnx_onnxv1' : revision.kind)

/** The revision of that number, or the one that most callers meet. Errors: `endpoint_not_ready`, `not_found`. */
export function answering(endpoint: ServedEndpoint, number?: number): ServedRevision {
  if (number !== undefined) {
    const found = endpoint.revisions.find((one) => one.number === number)
    if (!found) throw new KedgeError('not_found', { kind: 'Revision', name: `${endpoint.name}/${number}` })
    return found
  }
  const [most] = [...endpoint.revisions].sort((a, b) => b.traffic - a.traffic)
  if (!most || most.traffic === 0) throw new KedgeError('endpoint_not_ready', { name: endpoint.name })
  return most
}

/** Whether a model answers. Errors: `not_found`. */
export function modelReady(endpoint: ServedEndpoint, number?: number): boolean {
  try {
    answering(endpoint, number)
    return true
  } catch (error) {
    if (asKedgeError(error).class === 'unavailable') return false
    throw error
  }
}

/** The number of the revision that a caller calls a model's version. Errors: `not_found`. */
export function revisionNumber(name: string, version: string | undefined): number | undefined {
  if (version === undefined || version === '') return undefined
  if (!/^\d{1,9}$/.test(version)) throw new KedgeError('not_found', { kind: 'Revision', name: `${name}/${version}` })
  return Number(version)
}

/** The server's metadata. */
export const serverMetadata = (version: string) => ({
  name: 'kedge',
  version,
  extensions: ['binary_tensor_data', 'model_repository', 'model_configuration', 'statistics', 'parameters'],
})

/** A model's metadata in the protocol's form: revisions are its versions. */
export function modelMetadata(endpoint: ServedEndpoint, number?: number) {
  const revision = answering(endpoint, number)
  return {
    name: endpoint.name,
    versions: answeringOnes(endpoint).map((one) => String(one.number)),
    platform: platformOf(revision),
    inputs: revision.loaded.inputs.map(specOf),
    outputs: revision.loaded.outputs.map(specOf),
  }
}

const configType = (datatype: Datatype) => `TYPE_${datatype === 'BYTES' ? 'STRING' : datatype}`
/** what a client may put into one request; the size of the body is the true limit */
const largestBatch = 65_536

/** A model's configuration as Triton's clients read it: with a batch dimension where every tensor begins with a free one. */
export function modelConfig(endpoint: ServedEndpoint, number?: number) {
  const revision = answering(endpoint, number)
  const { inputs, outputs } = revision.loaded
  const batched = [...inputs, ...outputs].every((tensor) => tensor.shape[0] === -1)
  const tensor = ({ name, datatype, shape }: TensorSpec) => ({
    name,
    data_type: configType(datatype),
    dims: batched ? shape.slice(1) : [...shape],
  })
  return {
    name: endpoint.name,
    platform: platformOf(revision),
    backend: revision.kind === 'onnx' ? 'onnxruntime' : revision.kind,
    max_batch_size: batched ? largestBatch : 0,
    input: inputs.map(tensor),
    output: outputs.map(tensor),
  }
}

/** What each answering revision did since its process started; `compute_infer` is the time of the model's calls. */
export function modelStatistics(endpoints: readonly ServedEndpoint[], number?: number) {
  return endpoints.flatMap((endpoint) =>
    (number === undefined ? answeringOnes(endpoint) : [answering(endpoint, number)]).map((revision) => {
      const { predictions, calls, failedCalls, latency } = revision.counters.live
      let microseconds = 0
      // a bucket's middle stands for its calls, as in its quantiles
      for (const [bucket, count] of Object.entries(latency)) microseconds += count * 1.12 ** (Number(bucket) - 0.5)
      const took = { count: calls, ns: Math.round(microseconds * 1000) }
      const none = { count: 0, ns: 0 }
      return {
        name: endpoint.name,
        version: String(revision.number),
        last_inference: 0,
        inference_count: predictions,
        execution_count: calls,
        inference_stats: {
          success: took,
          fail: { count: failedCalls, ns: 0 },
          queue: none,
          compute_input: none,
          compute_infer: took,
          compute_output: none,
          cache_hit: none,
          cache_miss: none,
        },
        batch_stats: [],
      }
    }),
  )
}

/** What the repository extension lists: each endpoint's answering revisions, and those endpoints that have none. */
export const repositoryIndex = (node: InferenceNode, readyOnly = false) =>
  node.list().flatMap((endpoint) => {
    const ready = answeringOnes(endpoint).map((revision) => ({
      name: endpoint.name,
      version: String(revision.number),
      state: 'READY',
      reason: '',
    }))
    if (ready.length > 0 || readyOnly) return ready
    return [{ name: endpoint.name, version: '', state: 'UNAVAILABLE', reason: 'no revision answers yet' }]
  })

/**
 * Loading by the repository extension: what is released is loaded, so that a model that answers is. Errors: `not_found`,
 * `endpoint_not_ready`, `unsupported` with a configuration or files of the caller's.
 */
export function loadModel(endpoint: ServedEndpoint, parameters: Record<string, unknown>): void {
  if (Object.keys(parameters).length > 0)
    throw new KedgeError('unsupported', { what: 'Loading a model with a configuration or files of the caller' })
  answering(endpoint)
}

/** Errors: always `unsupported`. */
export function refuseUnload(): never {
  throw new KedgeError('unsupported', {
    what: 'Unloading by the repository extension: releases decide what is served, and it',
  })
}
