import { storedToken } from './token.ts'

/** An answer that says what went wrong: `code` for machines, `message` what happened, `todo` what to do about it. */
export class ApiError extends Error {
  readonly code: string
  readonly status: number
  readonly todo: string
  readonly places: { where: string; what: string }[]
  readonly id: string | undefined

  constructor(
    status: number,
    error: { code?: string; message?: string; todo?: string; places?: { where: string; what: string }[]; id?: string },
  ) {
    super(error.message ?? `The server answered ${status}`)
    this.name = 'ApiError'
    this.status = status
    this.code = error.code ?? `http_${status}`
    this.todo = error.todo ?? 'Try again.'
    this.places = error.places ?? []
    this.id = error.id
  }
}

export type Query = Record<string, string | number | boolean | readonly string[] | undefined | null>

export interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  query?: Query
  body?: unknown
  signal?: AbortSignal
}

/** Asks Kedge's own API; `path` without the `/api/v1` prefix. Throws `ApiError`, also when the server cannot be reached. */
export async function api<Answer>(path: string, request: Request = {}): Promise<Answer> {
  const response = await send(`/api/v1${path}${queryString(request.query)}`, {
    method: request.method ?? 'GET',
    headers: { ...authorization(), ...(request.body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: request.body === undefined ? undefined : JSON.stringify(request.body),
    signal: request.signal,
  })
  if (response.status === 204) return undefined as Answer
  return (await response.json()) as Answer
}

/** A request whose answer the caller reads by itself; errors as in `api`. */
export async function send(url: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, init)
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new ApiError(0, {
      code: 'unreachable',
      message: 'The server does not answer',
      todo: 'See whether `kedge serve` runs; this page tries again by itself.',
    })
  }
  if (response.ok) return response
  const body = await response.json().catch(() => undefined)
  throw new ApiError(response.status, body?.error ?? {})
}

export const authorization = (): Record<string, string> => {
  const token = storedToken()
  return token ? { authorization: `Bearer ${token}` } : {}
}

/** A path segment list with each name encoded: `path('projects', 'a/b')` → `/projects/a%2Fb`. */
export const path = (...segments: (string | number)[]) =>
  segments.map((segment) => `/${encodeURIComponent(segment)}`).join('')

export function queryString(query: Query | undefined): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null || value === '') continue
    if (Array.isArray(value)) for (const one of value) parameters.append(name, one)
    else parameters.set(name, String(value))
  }
  const text = parameters.toString()
  return text && `?${text}`
}
