import { KedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { InferenceNode } from '../../serving/inference/inference-node.ts'
import type { ServedEndpoint } from '../../serving/inference/served-endpoint.ts'
import type { GrpcCall, GrpcStream } from '../grpc/grpc-server.ts'
import type { Implementation } from '../grpc/service-methods.ts'
import type { Door } from '../inference/door.ts'
import { flagsText } from '../inference/flags-text.ts'
import { grpcError } from './grpc-error.ts'
import { type GrpcInferRequest, readOutputs, readParameters, readTensors, writeTensors } from './grpc-tensor.ts'
import { readInferTerms } from './infer-parameters.ts'
import {
  loadModel,
  modelConfig,
  modelMetadata,
  modelReady,
  modelStatistics,
  refuseUnload,
  repositoryIndex,
  revisionNumber,
  serverMetadata,
} from './model-metadata.ts'

interface Named {
  name: string
  version: string
}

export interface GrpcInferenceOptions {
  node: InferenceNode
  door: Door
  log: Logger
  clock: () => number
  version: string
}

/** answers that may be on their way in one stream; further requests wait in the network */
const inFlight = 64

/** The methods of `inference.GRPCInferenceService`. */
export function grpcInference({ node, door, log, clock, version }: GrpcInferenceOptions): Implementation {
  const enter = async (name: string, { headers, address }: GrpcCall) => {
    const trial = headers['kedge-trial'] !== undefined
    const endpoint = await door.enter(node.find(name), { trial, authorization: headers.authorization, address })
    return trial ? node.trial(endpoint) : endpoint
  }

  async function infer(request: GrpcInferRequest, call: GrpcCall) {
    const name = request.model_name
    const endpoint = await enter(name, call)
    return inferAt(endpoint, request, call).catch((error) => {
      node.failed(endpoint, error)
      throw error
    })
  }

  async function inferAt(endpoint: ServedEndpoint, request: GrpcInferRequest, { deadline, signal }: GrpcCall) {
    const name = request.model_name
    node.admit(endpoint)
    const { tensors, raw } = readTensors(request)
    const id = request.id === '' ? node.nextId() : request.id
    if (id.length > 200) throw new KedgeError('invalid_input', { what: 'id must be a text of at most 200 characters' })
    const terms = readInferTerms(readParameters(request.parameters), clock())
    const answer = await node.tensors(endpoint, {
      id,
      ...terms,
      deadline: Number.isFinite(deadline) ? Math.min(deadline, terms.deadline ?? deadline) : terms.deadline,
      signal,
      inputs: tensors,
      outputs: readOutputs(request),
      revision: revisionNumber(name, request.model_version),
    })
    return {
      model_name: name,
      model_version: String(answer.revision),
      id,
      ...(answer.flags ? { parameters: { flags: { string_param: flagsText(answer.flags) } } } : {}),
      ...writeTensors(answer.outputs, raw),
    }
  }

  const unary = <T>(handle: (request: T, call: GrpcCall) => Promise<object> | object) => ({ unary: handle })
  const refused = (what: string) =>
    unary(() => {
      throw new KedgeError('unsupported', { what })
    })
  const sharedMemory = refused('The shared memory extension')

  return {
    ServerLive: unary(() => ({ live: true })),
    ServerReady: unary(() => ({ ready: node.ready() })),
    ModelReady: unary<Named>(({ name, version }) => ({
      ready: modelReady(node.find(name), revisionNumber(name, version)),
    })),
    ServerMetadata: unary(() => serverMetadata(version)),
    ModelMetadata: unary<Named>(async ({ name, version }, call) =>
      modelMetadata(await enter(name, call), revisionNumber(name, version)),
    ),
    ModelInfer: unary<GrpcInferRequest>(infer),
    ModelStreamInfer: {
      stream(stream: GrpcStream<GrpcInferRequest, object>, call: GrpcCall) {
        const answer = async (read: () => GrpcInferRequest) => {
          let id = ''
          try {
            const request = read()
            id = request.id
            return { infer_response: await infer(request, call) }
          } catch (error) {
            return { error_message: grpcError(error, log).details, infer_response: { id } }
          }
        }
        // answered in the order of the requests, no faster than the caller reads
        let last: Promise<unknown> = Promise.resolve()
        return stream.each(async (read) => {
          const answered = answer(read)
          last = last.then(async () => stream.write(await answered))
          await last
        }, inFlight)
      },
    },
    ModelConfig: unary<Named>(async ({ name, version }, call) => ({
      config: modelConfig(await enter(name, call), revisionNumber(name, version)),
    })),
    ModelStatistics: unary<Named>(async ({ name, version }, call) => ({
      model_stats:
        name === ''
          ? modelStatistics(node.list())
          : modelStatistics([await enter(name, call)], revisionNumber(name, version)),
    })),
    RepositoryIndex: unary<{ ready: boolean }>(({ ready }) => ({ models: repositoryIndex(node, ready) })),
    RepositoryModelLoad: unary<{ model_name: string; parameters: Record<string, object> }>(async (request, call) => {
      loadModel(await enter(request.model_name, call), request.parameters)
      return {}
    }),
    RepositoryModelUnload: unary<{ model_name: string }>(async (request, call) => {
      await enter(request.model_name, call)
      return refuseUnload()
    }),
    SystemSharedMemoryStatus: sharedMemory,
    SystemSharedMemoryRegister: sharedMemory,
    SystemSharedMemoryUnregister: sharedMemory,
    CudaSharedMemoryStatus: sharedMemory,
    CudaSharedMemoryRegister: sharedMemory,
    CudaSharedMemoryUnregister: sharedMemory,
  }
}
