import { type ServerUnaryCall, type ServerWritableStream, type sendUnaryData, status } from '@grpc/grpc-js'
import { MalformedRequest } from './grpc-service.ts'

type Asked = { service: string } | MalformedRequest

const watchInterval = 500

/** gRPC's health protocol for the whole server and each of its services. */
export function health(ready: () => boolean, services: readonly string[]) {
  const statusOf = (service: string) =>
    service === '' || services.includes(service) ? (ready() ? 'SERVING' : 'NOT_SERVING') : 'SERVICE_UNKNOWN'
  const malformed = ({ error }: MalformedRequest) => ({ code: status.INVALID_ARGUMENT, details: error.message })

  return {
    Check({ request }: ServerUnaryCall<Asked, object>, callback: sendUnaryData<object>) {
      if (request instanceof MalformedRequest) return callback(malformed(request))
      const found = statusOf(request.service)
      if (found === 'SERVICE_UNKNOWN')
        callback({ code: status.NOT_FOUND, details: `The service ${request.service} does not exist` })
      else callback(null, { status: found })
    },
    Watch(call: ServerWritableStream<Asked, object>) {
      const { request } = call
      if (request instanceof MalformedRequest) return void call.emit('error', malformed(request))
      let told = ''
      const tell = () => {
        const now = statusOf(request.service)
        if (now === told) return
        told = now
        call.write({ status: now })
      }
      tell()
      const timer = setInterval(tell, watchInterval)
      timer.unref()
      call.on('cancelled', () => clearInterval(timer))
      call.on('close', () => clearInterval(timer))
    },
  }
}
