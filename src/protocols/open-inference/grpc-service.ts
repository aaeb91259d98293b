import type { ServiceDefinition } from '@grpc/grpc-js'
import protobuf from 'protobufjs'
import { KedgeError } from '../../errors.ts'
import { healthProto, inferenceProto, reflectionProto } from './protos.ts'

/** In place of a request whose bytes are no message of its type; a handler answers with the error. */
export class MalformedRequest {
  readonly error: KedgeError
  constructor(cause: unknown) {
    this.error = new KedgeError('invalid_input', { what: 'The request is no message of this method' }, { cause })
  }
}

/** Everything that the gRPC side speaks. */
export function readProtos(): protobuf.Root {
  const root = new protobuf.Root()
  for (const proto of [
    inferenceProto,
    healthProto,
    reflectionProto('grpc.reflection.v1'),
    reflectionProto('grpc.reflection.v1alpha'),
  ])
    protobuf.parse(proto, root, { keepCase: true })
  root.resolveAll()
  return root
}

/**
 * A service as gRPC's server takes it. Requests come as protobufjs decodes them: 64-bit numbers as `Long`, fields that were
 * not sent from the prototype. Answers are plain objects.
 */
export function serviceDefinition(root: protobuf.Root, name: string): ServiceDefinition {
  const service = root.lookupService(name)
  return Object.fromEntries(
    service.methodsArray.map((method) => {
      const request = service.lookupType(method.requestType)
      const response = service.lookupType(method.responseType)
      const asIs = /^Model(Stream)?InferResponse$/.test(response.name)
      return [
        method.name,
        {
          path: `/${name}/${method.name}`,
          requestStream: method.requestStream === true,
          responseStream: method.responseStream === true,
          requestSerialize: (value: object) => Buffer.from(request.encode(request.fromObject(value)).finish()),
          requestDeserialize: (bytes: Buffer) => {
            try {
              return request.decode(bytes)
            } catch (cause) {
              return new MalformedRequest(cause)
            }
          },
          // tensors are written as they are; elsewhere names of enums must become numbers
          responseSerialize: (value: object) => encoded(response, asIs ? value : response.fromObject(value)),
          responseDeserialize: (bytes: Buffer) => response.decode(bytes),
        },
      ]
    }),
  )
}

/** The bytes of a message in a buffer of their own. */
function encoded(type: protobuf.Type, value: object): Buffer {
  const bytes = type.encode(value).finish()
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
