import type { IncomingMessage } from 'node:http'
import { KedgeError } from '../../errors.ts'

/** What a request gets whose method and path belong to nothing. */
export const noRoute = (request: IncomingMessage) =>
  new KedgeError('not_found', { kind: 'Route', name: `${request.method} ${request.url?.split('?')[0]}` })
