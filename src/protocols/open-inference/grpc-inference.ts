import type { Metadata, ServerDuplexStream, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js'
import { KedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { InferenceNode } from '../../serving/inference/inference-node.ts'
import type { ServedEndpoint } from '../../serving/inference/served-endpoint.ts'
import type { Door } from '../inference/door.ts'
import { flagsText } from '../inference/flags-text.ts'
import { grpcError } from './grpc-error.ts'
import { MalformedRequest } from './grpc-service.ts'
import { answerStream } from './grpc-stream.ts'
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

/** The call that a request belongs to. */
interface Caller {
  metadata: Metadata
  getPeer(): string
  getDeadline(): Date | number
  on(event: 'cancelled', listener: () => void): unknown
}

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

/** The methods of `inference.GRPCInferenceService`. */
export function grpcInference({ node, door, log, clock, version }: GrpcInferenceOptions) {
  const enter = async (name: string, call: Caller) => {
    const trial = call.metadata.get('kedge-trial').length > 0
    const endpoint = await door.enter(node.find(name), {
      trial,
      authorization: call.metadata.get('authorization')[0]?.toString(),
      address: call
        .getPeer()
        .replace(/:\d+$/, '')
        .replace(/^\[(.*)\]$/, '$1'),
    })
    return trial ? node.trial(endpoint) : endpoint
  }

  const signalOf = (call: Caller) => {
    const gone = new AbortController()
    call.on('cancelled', () => gone.abort())
    return gone.signal
  }

  async function infer(request: GrpcInferRequest, call: Caller, signal: AbortSignal) {
    const name = request.model_name
    const endpoint = await enter(name, call)
    return inferAt(endpoint, request, call, signal).catch((error) => {
      node.failed(endpoint, error)
      throw error
    })
  }

  async function inferAt(endpoint: ServedEndpoint, request: GrpcInferRequest, call: Caller, signal: AbortSignal) {
    const name = request.model_name
    node.admit(endpoint)
    const { tensors, raw } = readTensors(request)
    const id = request.id === '' ? node.nextId() : request.id
    if (id.length > 200) throw new KedgeError('invalid_input', { what: 'id must be a text of at most 200 characters' })
    const terms = readInferTerms(readParameters(request.parameters), clock())
    const patience = Number(call.getDeadline())
    const answer = await node.tensors(endpoint, {
      id,
      ...terms,
      deadline: Number.isFinite(patience) ? Math.min(patience, terms.deadline ?? patience) : terms.deadline,
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

  const unary =
    <T>(handle: (request: T, call: Caller) => Promise<object> | object) =>
    (call: ServerUnaryCall<T | MalformedRequest, object>, callback: sendUnaryData<object>) => {
      const { request } = call
      const answer = async () => {
        if (request instanceof MalformedRequest) throw request.error
        return handle(request, call)
      }
      answer().then(
        (value) => callback(null, value),
        (error: unknown) => callback(grpcError(error, log)),
      )
    }
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
    ModelInfer: unary<GrpcInferRequest>((request, call) => infer(request, call, signalOf(call))),
    ModelStreamInfer(call: ServerDuplexStream<GrpcInferRequest | MalformedRequest, object>) {
      const signal = signalOf(call)
      answerStream(call, async (request) => {
        try {
          if (request instanceof MalformedRequest) throw request.error
          return { infer_response: await infer(request, call, signal) }
        } catch (error) {
          const id = request instanceof MalformedRequest ? '' : request.id
          return { error_message: grpcError(error, log).details, infer_response: { id } }
        }
      })
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
