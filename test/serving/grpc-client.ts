import { type Client, credentials, makeGenericClientConstructor, type ServiceDefinition } from '@grpc/grpc-js'
import { inferenceProtos } from '../../src/protocols/open-inference/protos.ts'

const root = inferenceProtos()

/** A client for a service of the inference process, made of the same protos; answers with all defaults, 64 bits as text. */
export function grpcClient(address: string, service: string): Client & Record<string, never> {
  const found = root.lookupService(service)
  const readable: ServiceDefinition = Object.fromEntries(
    found.methodsArray.map(({ name, requestType, responseType, requestStream, responseStream }) => {
      const [request, response] = [found.lookupType(requestType), found.lookupType(responseType)]
      return [
        name,
        {
          path: `/${service}/${name}`,
          requestStream: requestStream === true,
          responseStream: responseStream === true,
          requestSerialize: (value: object) => Buffer.from(request.encode(request.fromObject(value)).finish()),
          requestDeserialize: (bytes: Buffer) => request.decode(bytes),
          responseSerialize: (value: object) => Buffer.from(response.encode(response.fromObject(value)).finish()),
          responseDeserialize: (bytes: Buffer) =>
            response.toObject(response.decode(bytes), { longs: String, enums: String, defaults: true, arrays: true }),
        },
      ]
    }),
  )
  const Service = makeGenericClientConstructor(readable, service)
  return new Service(address.replace('grpc://', ''), credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  }) as never
}

/** One unary call, or what it failed with as `{code, details}`. */
export function unary<T>(client: Client, method: string, request: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const call = (
      client as unknown as Record<string, (request: object, done: (error: unknown, answer: T) => void) => void>
    )[method]!
    call.call(client, request, (error, answer) => (error ? reject(error) : resolve(answer)))
  })
}
