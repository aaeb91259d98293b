import type { ApiClient } from '../api-client.ts'
import { persistent } from './persistent.ts'

/** The same client, which waits while the server is away. Only for calls that may be repeated. */
export function persistentApi(api: ApiClient, signal: AbortSignal): ApiClient {
  return {
    ...api,
    get: (path, query) => persistent(() => api.get(path, query), signal),
    send: (method, path, body) => persistent(() => api.send(method, path, body), signal),
  }
}
