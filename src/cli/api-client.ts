import { catalogue, type ErrorClass, type ErrorCode, KedgeError } from '../errors.ts'

export interface ApiClient {
  readonly url: string
  /** Errors: the server's own, with its code; `server_unreachable`. */
  get<T>(path: string, query?: Record<string, string | number | boolean | undefined>): Promise<T>
  send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>
  /** Bytes in, JSON out. */
  upload<T>(
    path: string,
    body: Blob | Uint8Array | ReadableStream<Uint8Array>,
    headers?: Record<string, string>,
  ): Promise<T>
  download(path: string): Promise<Response>
  /** Server-sent events, each as its parsed data. */
  stream(
    path: string,
    query: Record<string, string | number | undefined>,
    signal: AbortSignal,
  ): AsyncGenerator<{ id: string; event: string; data: unknown }>
}

/** An error that the server told in words of its own catalogue, which may be newer than this one. */
class ServerError extends KedgeError {}

const classOfStatus: Record<number, ErrorClass> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  429: 'overloaded',
  501: 'unsupported',
  503: 'unavailable',
}

/** Kedge's REST API over HTTP. Percent-encode names in paths with `encodeURIComponent`. */
export function createApiClient(options: { url: string; token?: string | undefined; fetch?: typeof fetch }): ApiClient {
  const request = options.fetch ?? fetch
  const base = options.url.replace(/\/+$/, '')

  async function call(path: string, init: RequestInit): Promise<Response> {
    let response: Response
    try {
      response = await request(base + path, {
        ...init,
        headers: {
          accept: 'application/json',
          ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
          ...init.headers,
        },
      })
    } catch (cause) {
      if ((cause as Error).name === 'AbortError') throw cause
      throw new KedgeError('server_unreachable', { url: base, why: reason(cause) }, { cause })
    }
    if (!response.ok) throw await errorOf(response)
    return response
  }

  const queryOf = (query: Record<string, string | number | boolean | undefined> = {}) => {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
    return given.length === 0
      ? ''
      : `?${new URLSearchParams(Object.fromEntries(given.map(([key, value]) => [key, String(value)])))}`
  }
  const json = async <T>(response: Response): Promise<T> => {
    const text = await response.text()
    return (
      text === '' ? undefined : response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text
    ) as T
  }

  return {
    url: base,
    get: async (path, query) => json(await call(path + queryOf(query), { method: 'GET' })),
    send: async (method, path, body) =>
      json(
        await call(path, {
          method,
          ...(body === undefined
            ? {}
            : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
        }),
      ),
    upload: async (path, body, headers) =>
      json(
        await call(path, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/octet-stream', ...headers },
          duplex: 'half',
        } as RequestInit),
      ),
    download: (path) => call(path, { method: 'GET' }),
    async *stream(path, query, signal) {
      const response = await call(path + queryOf(query), {
        method: 'GET',
        headers: { accept: 'text/event-stream' },
        signal,
      })
      if (response.body) yield* parseEventStream(response.body)
    },
  }
}

async function errorOf(response: Response): Promise<KedgeError> {
  const text = await response.text().catch(() => '')
  let told: { code?: string; message?: string; todo?: string; places?: { where: string; what: string }[] } | undefined
  try {
    told = (JSON.parse(text) as { error?: typeof told }).error
  } catch {
    told = undefined
  }
  const code = told?.code && told.code in catalogue ? (told.code as ErrorCode) : 'internal'
  const error = new ServerError(code, {}, { places: told?.places ?? [] })
  const fields = {
    message: told?.message ?? `The server answered ${response.status} ${response.statusText}`,
    todo: told?.todo ?? 'See the log of the server.',
    code: told?.code ?? error.code,
    class: classOfStatus[response.status] ?? (told ? error.class : 'internal'),
  }
  return Object.assign(error, fields)
}

function reason(cause: unknown): string {
  const inner = (cause as { cause?: { code?: string; message?: string } }).cause
  if (inner?.code === 'ECONNREFUSED') return 'nothing listens there'
  return inner?.code ?? inner?.message ?? (cause as Error).message
}

async function* parseEventStream(body: ReadableStream<Uint8Array>) {
  let rest = ''
  let current = { id: '', event: 'message', data: [] as string[] }
  for await (const chunk of body.pipeThrough(
    new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>,
  )) {
    const lines = (rest + chunk).split(/\r?\n/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (current.data.length > 0)
          yield { id: current.id, event: current.event, data: JSON.parse(current.data.join('\n')) as unknown }
        current = { id: '', event: 'message', data: [] }
      } else {
        const [, field, value = ''] = /^(\w+):? ?(.*)$/.exec(line) ?? []
        if (field === 'data') current.data.push(value)
        else if (field === 'id' || field === 'event') current[field] = value
      }
    }
  }
}
