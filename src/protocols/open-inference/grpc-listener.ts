import {
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { KedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { InferenceNode } from '../../serving/inference/inference-node.ts'
import type { Door } from '../inference/door.ts'
import type { Listener } from '../inference/http-listener.ts'
import { health } from './grpc-health.ts'
import { grpcInference } from './grpc-inference.ts'
import { reflection } from './grpc-reflection.ts'
import { readProtos, serviceDefinition } from './grpc-service.ts'

export interface GrpcListenerOptions {
  node: InferenceNode
  host: string
  port: number
  log: Logger
  clock: () => number
  version: string
  door: Door
}

const messageLimit = 64 * 2 ** 20
const inference = 'inference.GRPCInferenceService'

const ofOneModel = new Set(
  [
    'ModelInfer',
    'ModelStreamInfer',
    'ModelMetadata',
    'ModelConfig',
    'RepositoryModelLoad',
    'RepositoryModelUnload',
  ].map((method) => `/${inference}/${method}`),
)

/** Who brings no token is refused before the message is read; which endpoint is meant stands in the message. */
const refuseUnnamed: ServerInterceptor = (method, call) =>
  new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMetadata(metadata, proceed) {
          if (metadata.get('authorization').length > 0 || !ofOneModel.has(method.path)) return proceed(metadata)
          const { message } = new KedgeError('unauthenticated')
          call.sendStatus({ code: status.UNAUTHENTICATED, details: message })
        },
      }),
  })

/** The gRPC listener of an inference process: the Open Inference Protocol V2, gRPC's health and reflection. */
export async function startGrpcListener(options: GrpcListenerOptions): Promise<Listener> {
  const { node } = options
  const root = readProtos()
  const server = new Server({
    ...(options.door.secured ? { interceptors: [refuseUnnamed] } : {}),
    'grpc.max_receive_message_length': messageLimit,
    'grpc.max_send_message_length': messageLimit,
    'grpc.max_concurrent_streams': 1024,
    'grpc.keepalive_time_ms': 60_000,
  })
  const services: Record<string, object> = {
    [inference]: grpcInference(options),
    'grpc.health.v1.Health': health(() => node.ready(), [inference]),
    'grpc.reflection.v1.ServerReflection': reflection(root),
    'grpc.reflection.v1alpha.ServerReflection': reflection(root),
  }
  for (const [name, implementation] of Object.entries(services))
    server.addService(serviceDefinition(root, name), implementation as UntypedServiceImplementation)
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
