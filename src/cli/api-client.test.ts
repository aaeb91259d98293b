import { describe, expect, it } from 'vitest'
import { asKedgeError } from '../errors.ts'
import { createApiClient } from './api-client.ts'
import { exitCodeOf } from './exit-code.ts'

const client = (answer: () => Response | Promise<Response>, seen: Request[] = []) =>
  createApiClient({
    url: 'http://kedge/',
    token: 'secret',
    fetch: async (input, init) => {
      seen.push(new Request(input as string, init))
      return answer()
    },
  })
const failure = (promise: Promise<unknown>) => promise.then(() => undefined, asKedgeError)

describe('createApiClient', () => {
  it('sends the token and the query, and gives the JSON', async () => {
    const seen: Request[] = []
    const api = client(() => Response.json({ items: [] }), seen)
    expect(await api.get('/api/v1/x', { limit: 5, type: undefined, q: 'a b' })).toEqual({ items: [] })
    expect(seen[0]?.url).toBe('http://kedge/api/v1/x?limit=5&q=a+b')
    expect(seen[0]?.headers.get('authorization')).toBe('Bearer secret')
  })

  it.each([
    [400, 'invalid_input', 2],
    [401, 'unauthenticated', 4],
    [404, 'not_found', 1],
    [503, 'unavailable', 3],
    [409, 'a_code_of_a_newer_server', 1],
  ])('tells an answer of %i in the words of the server', async (status, code, exit) => {
    const error = await failure(
      client(() =>
        Response.json(
          { error: { code, message: 'what', todo: 'do', places: [{ where: 'a', what: 'b' }] } },
          { status },
        ),
      ).get('/x'),
    )
    expect(error?.toJSON()).toEqual({ code, message: 'what', todo: 'do', places: [{ where: 'a', what: 'b' }] })
    expect(exitCodeOf(error!)).toBe(exit)
  })

  it('says that nothing listens, and copes with an answer that is not JSON', async () => {
    const away = await failure(
      client(() => {
        throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } })
      }).get('/x'),
    )
    expect(away?.message).toBe('No Kedge can be reached at http://kedge: nothing listens there')
    expect(exitCodeOf(away!)).toBe(3)
    const proxy = await failure(
      client(() => new Response('<html>', { status: 502, statusText: 'Bad Gateway' })).get('/x'),
    )
    expect(proxy?.message).toBe('The server answered 502 Bad Gateway')
  })

  it('reads server-sent events however they are cut', async () => {
    const text = ': open\n\nid: 4\nevent: x\ndata: {"a":\ndata: 1}\n\nid: 5\r\ndata: "é"\r\n\r\n'
    const bytes = new TextEncoder().encode(text)
    for (const size of [1, 2, 7, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.slice(i * size, (i + 1) * size),
      )
      const found = []
      for await (const event of client(() => new Response(ReadableStream.from(chunks) as never)).stream(
        '/s',
        {},
        new AbortController().signal,
      ))
        found.push(event)
      expect(found).toEqual([
        { id: '4', event: 'x', data: { a: 1 } },
        { id: '5', event: 'message', data: 'é' },
      ])
    }
  })
})
