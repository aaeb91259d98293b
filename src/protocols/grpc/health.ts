import { setTimeout } from 'node:timers/promises'
import { KedgeError } from '../../errors.ts'
import type { GrpcCall, GrpcStream } from './grpc-server.ts'
import type { Implementation } from './service-methods.ts'

interface Asked {
  service: string
}

const watchInterval = 500

/** gRPC's health protocol for the whole server and each of its services. */
export function health(ready: () => boolean, services: readonly string[]): Implementation {
  const statusOf = (service: string) =>
    service === '' || services.includes(service) ? (ready() ? 'SERVING' : 'NOT_SERVING') : 'SERVICE_UNKNOWN'

  return {
    Check: {
      unary({ service }: Asked) {
        const status = statusOf(service)
        if (status === 'SERVICE_UNKNOWN') throw new KedgeError('not_found', { kind: 'The service', name: service })
        return { status }
      },
    },
    Watch: {
      async stream(stream: GrpcStream<Asked, object>, { signal }: GrpcCall) {
        await stream.each(async (read) => {
          const { service } = read()
          let told = ''
          while (!signal.aborted) {
            const status = statusOf(service)
            if (status !== told) await stream.write({ status })
            told = status
            await setTimeout(watchInterval, undefined, { signal, ref: false }).catch(() => {})
          }
        }, 1)
      },
    },
  }
}
