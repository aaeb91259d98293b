import { KedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { InferenceNode } from '../../serving/inference/inference-node.ts'
import { startGrpcServer } from '../grpc/grpc-server.ts'
import { health } from '../grpc/health.ts'
import { reflection } from '../grpc/reflection.ts'
import { type Implementation, serviceMethods } from '../grpc/service-methods.ts'
import type { Door } from '../inference/door.ts'
import type { Listener } from '../inference/http-listener.ts'
import { grpcError } from './grpc-error.ts'
import { grpcInference } from './grpc-inference.ts'
import { inferenceProtos } from './protos.ts'

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
/** tensors are encoded as they are */
const asIs = new Set(['ModelInferResponse', 'ModelStreamInferResponse'])

/** The gRPC listener of an inference process: the Open Inference Protocol V2, gRPC's health and reflection. */
export async function startGrpcListener(options: GrpcListenerOptions): Promise<Listener> {
  const { node, log, host } = options
  const root = inferenceProtos()
  const services: Record<string, Implementation> = {
    [inference]: grpcInference(options),
    'grpc.health.v1.Health': health(() => node.ready(), [inference]),
    'grpc.reflection.v1.ServerReflection': reflection(root),
    'grpc.reflection.v1alpha.ServerReflection': reflection(root),
  }
  const methods = new Map(
    Object.entries(services).flatMap(([name, implementation]) => serviceMethods(root, name, implementation, asIs)),
  )
  const server = await startGrpcServer({
    ...{ host, port: options.port, clock: options.clock },
    methods,
    // who brings no token is refused before the message is read; which endpoint is meant stands in the message
    admit(path, { authorization }) {
      if (options.door.secured && authorization === undefined && ofOneModel.has(path))
        throw new KedgeError('unauthenticated')
    },
    failure: (thrown) => grpcError(thrown, log),
    limit: messageLimit,
  }).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'EADDRINUSE' ? new KedgeError('port_in_use', { port: options.port, host }, { cause }) : cause
  })
  return {
    address: `grpc://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
    stop: () => server.stop(5000),
  }
}
