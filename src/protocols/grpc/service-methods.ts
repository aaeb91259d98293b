import protobuf from 'protobufjs'
import { KedgeError } from '../../errors.ts'
import type { GrpcCall, GrpcMethod, GrpcStream } from './grpc-server.ts'

/** What a service does, by the names of its methods. */
export type Implementation = Record<
  string,
  | { unary(request: never, call: GrpcCall): Promise<object> | object }
  | { stream(stream: GrpcStream<never, object>, call: GrpcCall): Promise<void> }
>

/** Everything that some protos describe. */
export function readProtos(protos: readonly string[]): protobuf.Root {
  const root = new protobuf.Root()
  for (const proto of protos) protobuf.parse(proto, root, { keepCase: true })
  root.resolveAll()
  return root
}

/**
 * The methods of a service, by their paths. Requests come as protobufjs decodes them: 64-bit numbers as `Long`, fields that
 * were not sent from the prototype; bytes that are no message are `invalid_input`. Answers are plain objects; those that
 * `asIs` names are encoded as they are, of others names of enums become numbers.
 */
export function serviceMethods(
  root: protobuf.Root,
  name: string,
  implementation: Implementation,
  asIs: ReadonlySet<string> = new Set(),
): [path: string, GrpcMethod][] {
  return root.lookupService(name).methodsArray.map((method) => {
    const request = root.lookupService(name).lookupType(method.requestType)
    const response = root.lookupService(name).lookupType(method.responseType)
    const plain = asIs.has(response.name)
    return [
      `/${name}/${method.name}`,
      {
        decode: (bytes: Buffer) => {
          try {
            return request.decode(bytes)
          } catch (cause) {
            throw new KedgeError('invalid_input', { what: 'The request is no message of this method' }, { cause })
          }
        },
        encode: (answer: object) => response.encode(plain ? answer : response.fromObject(answer)).finish(),
        ...implementation[method.name]!,
      },
    ]
  })
}
