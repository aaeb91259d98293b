import { type Client, credentials, makeGenericClientConstructor, type ServiceDefinition } from '@grpc/grpc-js'
import { readProtos, serviceDefinition } from '../../src/protocols/open-inference/grpc-service.ts'

const root = readProtos()

/** A client for a service of the inference process, made of the same protos; answers with all defaults, 64 bits as text. */
export function grpcClient(address: string, service: string): Client & Record<string, never> {
  const definition = serviceDefinition(root, service)
  const readable: ServiceDefinition = Object.fromEntries(
    Object.entries(definition).map(([name, method]) => {
      const type = root.lookupService(service).methods[name]!
      const response = root.lookupService(service).lookupType(type.responseType)
      return [
        name,
        {
          ...method,
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
