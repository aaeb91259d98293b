import type protobuf from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor/index.js'
import type { GrpcStream } from './grpc-server.ts'
import type { Implementation } from './service-methods.ts'
import { status } from './status.ts'

interface Request {
  host: string
  file_by_filename?: string
  file_containing_symbol?: string
  file_containing_extension?: { containing_type: string }
  all_extension_numbers_of_type?: string
  list_services?: string
}

interface File {
  name?: string | null
  package?: string | null
  service?: { name?: string | null }[] | null
}

/** Answers what gRPC's reflection asks: one file a package, none imports another. */
export function reflection(root: protobuf.Root): Implementation {
  const { file: files } = (root as unknown as { toDescriptor(edition: string): { file: File[] } }).toDescriptor(
    'proto3',
  )
  const contents = new Map(
    files.map((file) => [file, Buffer.from(descriptor.FileDescriptorProto.encode(file as never).finish())]),
  )
  const services = files.flatMap((file) => (file.service ?? []).map(({ name }) => `${file.package}.${name}`))

  function fileOf(symbol: string): File | undefined {
    const found = root.lookup(symbol.split('.')) ?? root.lookup(symbol.split('.').slice(0, -1))
    if (!found?.fullName) return undefined
    // the package that the symbol lies deepest in
    return files
      .filter((file) => found.fullName.startsWith(`.${file.package}.`))
      .sort((a, b) => (b.package?.length ?? 0) - (a.package?.length ?? 0))[0]
  }

  function answer(request: Request): object {
    const missing = (what: string) => ({
      error_response: { error_code: status.NOT_FOUND, error_message: `${what} does not exist` },
    })
    const sent = (file: File | undefined, what: string) =>
      file ? { file_descriptor_response: { file_descriptor_proto: [contents.get(file)] } } : missing(what)
    if (Object.hasOwn(request, 'list_services'))
      return { list_services_response: { service: services.map((name) => ({ name })) } }
    if (request.file_by_filename)
      return sent(
        files.find((file) => file.name === request.file_by_filename),
        request.file_by_filename,
      )
    if (request.file_containing_symbol)
      return sent(fileOf(request.file_containing_symbol), request.file_containing_symbol)
    if (request.all_extension_numbers_of_type)
      return root.lookup(request.all_extension_numbers_of_type.split('.'))
        ? {
            all_extension_numbers_response: {
              base_type_name: request.all_extension_numbers_of_type,
              extension_number: [],
            },
          }
        : missing(request.all_extension_numbers_of_type)
    return missing(request.file_containing_extension ? 'The extension' : 'What is asked for')
  }

  return {
    ServerReflectionInfo: {
      stream: (stream: GrpcStream<Request, object>) =>
        stream.each(async (read) => {
          const request = read()
          await stream.write({ valid_host: request.host, original_request: request, ...answer(request) })
        }, 1),
    },
  }
}
