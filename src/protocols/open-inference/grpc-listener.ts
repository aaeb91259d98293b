import {
  loadPackageDefinition,
  type Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import { asKedgeError, type ErrorClass, KedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { InferenceNode } from '../../serving/inference/inference-node.ts'
import type { Listener } from '../inference/http-listener.ts'

import { type GrpcInferRequest, readTensors, writeTensors } from './grpc-tensor.ts'
import { inferenceProto } from './inference-proto.ts'
import { answering, modelMetadata, repositoryIndex, serverMetadata } from './model-metadata.ts'

export interface GrpcListenerOptions {
  node: InferenceNode
  host: string
  port: number
  log: Logger
  clock: () => number
  version: string
  authorize?: ((authorization: string | undefined, project: string) => Promise<boolean>) | undefined
}

const codes: Record<ErrorClass, status> = {
  invalid: status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  not_found: status.NOT_FOUND,
  conflict: status.FAILED_PRECONDITION,
  too_large: status.INVALID_ARGUMENT,
  unsupported: status.UNIMPLEMENTED,
  overloaded: status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
  internal: status.INTERNAL,
}

const messageLimit = 64 * 2 ** 20

interface Named {
  name: string
  version: string
}

/** The gRPC listener of an inference process: the methods of the Open Inference Protocol V2. */
export async function startGrpcListener(options: GrpcListenerOptions): Promise<Listener> {
  const { node, log, clock } = options
  const definition = fromJSON(inferenceProto as never, { defaults: true, arrays: true, longs: String, bytes: Buffer })
  const service = (
    loadPackageDefinition(definition) as unknown as {
      inference: { GRPCInferenceService: { service: ServiceDefinition } }
    }
  ).inference.GRPCInferenceService.service

  const revisionOf = (version: string, name: string) => {
    if (version === '') return undefined
    const number = Number(version)
    if (!Number.isSafeInteger(number))
      throw new KedgeError('not_found', { kind: 'Revision', name: `${name}/${version}` })
    return number
  }

  async function find(name: string, metadata: Metadata) {
    const endpoint = node.find(name)
    const authorization = metadata.get('authorization')[0]?.toString()
    if (options.authorize && !(await options.authorize(authorization, endpoint.project)))
      throw authorization === undefined
        ? new KedgeError('unauthenticated')
        : new KedgeError('forbidden', { permission: 'predict' })
    return endpoint
  }

  async function infer(request: GrpcInferRequest, metadata: Metadata) {
    const endpoint = await find(request.modelName, metadata)
    const { tensors, raw } = readTensors(request)
    const id = request.id === '' ? node.nextId() : request.id
    if (id.length > 200) throw new KedgeError('invalid_input', { what: 'id must be a text of at most 200 characters' })
    const time = request.parameters.event_time
    const answer = await node.tensors(endpoint, {
      id,
      time: time ? Number(time.int64Param ?? time.doubleParam) : clock(),
      inputs: tensors,
      outputs: request.outputs.length > 0 ? request.outputs.map((output) => output.name) : undefined,
      revision: revisionOf(request.modelVersion, request.modelName),
    })
    return {
      modelName: request.modelName,
      modelVersion: String(answer.revision),
      id,
      ...writeTensors(answer.outputs, raw),
    }
  }

  const failure = (error: unknown) => {
    const known = asKedgeError(error)
    if (known.class === 'internal') log.error({ err: error }, 'a prediction failed inside Kedge')
    return { code: codes[known.class], details: known.message }
  }
  type Unary = (
    call: { request: never; metadata: Metadata },
    callback: (error: object | null, answer?: object) => void,
  ) => void
  const unary =
    <T>(handle: (request: T, metadata: Metadata) => Promise<object> | object): Unary =>
    (call, callback) => {
      void (async () => handle(call.request as T, call.metadata))().then(
        (answer) => callback(null, answer),
        (error: unknown) => callback(failure(error)),
      )
    }
  const refused = (what: string) =>
    unary(() => {
      throw new KedgeError('unsupported', { what })
    })

  const streamInfer = (call: {
    on(event: string, listener: (value: never) => void): void
    write(answer: object): void
    end(): void
    metadata: Metadata
  }) => {
    // answers go out in the order of the requests
    let last = Promise.resolve()
    call.on('data', (request: GrpcInferRequest) => {
      const answer = infer(request, call.metadata).then(
        (inferResponse) => ({ inferResponse }),
        (error: unknown) => ({ errorMessage: failure(error).details }),
      )
      last = last.then(async () => call.write(await answer))
    })
    call.on('end', () => void last.then(() => call.end()))
    call.on('error', () => {})
  }

  const implementation = {
    ServerLive: unary(() => ({ live: true })),
    ServerReady: unary(() => ({ ready: node.ready() })),
    ModelReady: unary<Named>(({ name, version }) => {
      try {
        answering(node.find(name), revisionOf(version, name))
        return { ready: true }
      } catch (error) {
        if (asKedgeError(error).class === 'unavailable') return { ready: false }
        throw error
      }
    }),
    ServerMetadata: unary(() => serverMetadata(options.version)),
    ModelMetadata: unary<Named>(async ({ name, version }, metadata) =>
      modelMetadata(await find(name, metadata), revisionOf(version, name)),
    ),
    ModelInfer: unary<GrpcInferRequest>(infer),
    ModelStreamInfer: streamInfer,
    RepositoryIndex: unary(() => ({ models: repositoryIndex(node) })),
    RepositoryModelLoad: refused('Loading models by the repository extension; releases decide what is served'),
    RepositoryModelUnload: refused('Unloading models by the repository extension; releases decide what is served'),
  }

  const server = new Server({
    'grpc.max_receive_message_length': messageLimit,
    'grpc.max_send_message_length': messageLimit,
  })
  server.addService(service, implementation as unknown as UntypedServiceImplementation)
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${options.port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error
        ? reject(new KedgeError('port_in_use', { port: options.port, host: options.host }, { cause: error }))
        : resolve(bound),
    )
  })
  return {
    address: `grpc://${host}:${port}`,
    stop: () =>
      new Promise((resolve) => {
        const force = setTimeout(() => server.forceShutdown(), 5000)
        server.tryShutdown(() => {
          clearTimeout(force)
          resolve()
        })
      }),
  }
}
