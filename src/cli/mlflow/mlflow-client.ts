import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { KedgeError } from '../../errors.ts'

export interface MlflowClient {
  /** without a slash at its end */
  url: string
  /** One of the methods below `/api/2.0/mlflow`, as JSON; undefined when there is no such thing. */
  call<T>(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    fields?: Record<string, unknown>,
  ): Promise<T | undefined>
  /** Bytes of an address of this server. */
  open(path: string): Promise<Readable>
  put(path: string, content: Readable): Promise<void>
}

export interface MlflowAccess {
  token?: string | undefined
  username?: string | undefined
  password?: string | undefined
  fetch?: typeof fetch
  signal: AbortSignal
}

const tries = 4

/** A server that speaks MLflow's REST API. Errors: `unavailable`, and its own in its words. */
export function createMlflowClient(url: string, access: MlflowAccess): MlflowClient {
  const base = url.replace(/\/+$/, '')
  const request = access.fetch ?? fetch
  const authorization = access.token
    ? `Bearer ${access.token}`
    : access.username
      ? `Basic ${Buffer.from(`${access.username}:${access.password ?? ''}`).toString('base64')}`
      : undefined

  async function send(path: string, init: RequestInit, repeatable: boolean): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      access.signal.throwIfAborted()
      try {
        const answer = await request(base + path, {
          ...init,
          signal: access.signal,
          headers: { ...(authorization ? { authorization } : {}), ...init.headers },
        })
        if ((answer.status < 500 && answer.status !== 429) || !repeatable || attempt === tries) return answer
        await answer.body?.cancel()
      } catch (cause) {
        access.signal.throwIfAborted()
        if (!repeatable || attempt === tries) {
          const inner = (cause as { cause?: { code?: string } }).cause
          const why =
            inner?.code === 'ECONNREFUSED' ? 'nothing listens there' : (inner?.code ?? (cause as Error).message)
          throw new KedgeError(
            'unavailable',
            { what: `The server ${base} cannot be reached: ${why}` },
            { cause, todo: 'Check its address, and that it runs.' },
          )
        }
      }
      await sleep(200 * 2 ** attempt, undefined, { signal: access.signal })
    }
  }

  async function refused(answer: Response, path: string): Promise<KedgeError> {
    const text = await answer.text().catch(() => '')
    let message = ''
    try {
      message = (JSON.parse(text) as { message?: string }).message ?? ''
    } catch {}
    return new KedgeError('invalid_input', {
      what: `${base}${path.split('?')[0]} answered ${answer.status}${message ? `: ${message.slice(0, 500)}` : ''}`,
    })
  }

  return {
    url: base,
    async call<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, fields: Record<string, unknown> = {}) {
      const given = Object.entries(fields).filter(([, value]) => value !== undefined)
      const query =
        method === 'GET' && given.length > 0
          ? `?${new URLSearchParams(Object.fromEntries(given.map(([key, value]) => [key, String(value)])))}`
          : ''
      const address = (path.startsWith('/') ? path : `/api/2.0/mlflow/${path}`) + query
      const answer = await send(
        address,
        method === 'GET'
          ? { method }
          : {
              method,
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify(Object.fromEntries(given)),
            },
        method === 'GET' || path.endsWith('/search'),
      )
      if (answer.status === 404) {
        await answer.body?.cancel()
        return undefined
      }
      if (!answer.ok) throw await refused(answer, address)
      const text = await answer.text()
      return (text === '' ? {} : JSON.parse(text)) as T
    },
    async open(path) {
      const answer = await send(path, { method: 'GET' }, true)
      if (!answer.ok || !answer.body) {
        if (answer.ok) return Readable.from([], { objectMode: false })
        throw await refused(answer, path)
      }
      return Readable.fromWeb(answer.body as never)
    },
    async put(path, content) {
      const answer = await send(
        path,
        {
          method: 'PUT',
          headers: { 'content-type': 'application/octet-stream' },
          body: Readable.toWeb(content) as never,
          duplex: 'half',
        } as RequestInit,
        false,
      )
      if (!answer.ok) throw await refused(answer, path)
      await answer.body?.cancel()
    },
  }
}
