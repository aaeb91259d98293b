import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/log.ts'
import { createHttpServer } from '../../src/protocols/http-server.ts'
import { mlflowRoutes } from '../../src/protocols/mlflow/mlflow-routes.ts'
import { route } from '../../src/protocols/route.ts'

const app = createHttpServer({
  log: silentLog,
  allowedHosts: new Set(['localhost', '127.0.0.1']),
  identify: async () => ({ actor: 'local', may: () => true }),
})
const anything: never = new Proxy({}, { get: () => anything }) as never
let reached = 0
let port = 0

beforeAll(async () => {
  route(app, {
    method: 'PUT',
    url: '/api/v1/projects/:project/things/:name',
    permission: 'project.write',
    summary: 'A thing',
    tag: 'things',
    params: z.object({ project: z.string(), name: z.string() }),
    body: z.strictObject({ size: z.number() }),
    handler: async () => {
      reached++
      return {}
    },
  })
  // only the door is asked here: no request comes as far as the domains
  mlflowRoutes(app, anything)
  await app.listen({ host: '127.0.0.1', port: 0 })
  port = (app.server.address() as { port: number }).port
})
afterAll(() => app.close())

const put = (path: string, payload: string | Buffer = '{"size":1}', type = 'application/json') =>
  app.inject({ method: 'PUT', url: path, payload, headers: { host: 'localhost', 'content-type': type } })

describe('a request that means harm or a mistake', () => {
  test.each([
    '..',
    '%2e%2e%2fx',
    'a%00b',
    "a'%3b%20drop%20table%20runs%3b--",
    '%22%3Cscript%3E',
    'x'.repeat(300),
    'Upper',
    'a%0d%0ab',
  ])('names no project %s', async (name) => {
    const before = reached
    const { statusCode, json } = await put(`/api/v1/projects/${name}/things/a`)
    expect(statusCode === 404 || json().error.code === 'invalid_input').toBe(true)
    expect(statusCode).toBeLessThan(500)
    expect(reached).toBe(before)
  })

  test.each(['x'.repeat(5000), '%ff%fe', '%'])('has an address that cannot be read: %s', async (name) => {
    const answer = await put(`/api/v1/projects/fruit/things/${name}`)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().error).toMatchObject({ code: 'invalid_input', todo: expect.any(String) })
  })

  const deep = 100_000
  test.each<[string, string | Buffer, string?]>([
    ['half a body', '{"size":'],
    ['no body', ''],
    ['a deep list', '['.repeat(deep) + ']'.repeat(deep)],
    ['a deep object', `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`],
    ['a deep list in a field', `{"size":${'['.repeat(deep)}${']'.repeat(deep)}}`],
    ['a prototype', '{"__proto__":{"size":1},"size":1}'],
    ['null', 'null'],
    ['a wrong type', '{"size":"1"}'],
    ['an unknown field', '{"size":1,"colour":"red"}'],
    ['XML', '<size>1</size>', 'application/xml'],
    ['text', 'size', 'text/plain'],
    ['too many parts', '--x', 'multipart/form-data; boundary=x'],
  ])('sends %s', async (_, payload, type) => {
    const before = reached
    const { statusCode, body, json } = await put('/api/v1/projects/fruit/things/a', payload, type)
    expect(statusCode).toBe(400)
    expect(json().error).toMatchObject({ code: 'invalid_input', todo: expect.any(String) })
    expect(body).not.toMatch(/\.ts:\d|node_modules/)
    expect(reached).toBe(before)
  })

  test.each(['/api/v1/projects/fruit/things/a', '/api/2.0/mlflow/experiments/create'])(
    'sends 80 MB to %s, and sees why that is refused',
    async (path) => {
      const part = Buffer.alloc(2 ** 20, ' ')
      for (const body of [
        Buffer.alloc(80 * 2 ** 20, ' '),
        Readable.toWeb(Readable.from(Array.from({ length: 80 }, () => part))),
      ]) {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
          method: path.startsWith('/api/v1') ? 'PUT' : 'POST',
          headers: { 'content-type': 'application/json' },
          body: body as RequestInit['body'],
          duplex: 'half',
        } as RequestInit)
        expect(answer.status).toBe(413)
        expect(await answer.text()).toContain('Send less at once.')
      }
    },
  )

  test.each(['/api/v1/projects/fruit/things/a', '/api/2.0/mlflow/experiments/create'])(
    'sends bytes that are not UTF-8 to %s',
    async (url) => {
      const answer = await app.inject({
        method: url.startsWith('/api/v1') ? 'PUT' : 'POST',
        url,
        payload: Buffer.from('{"name":"caf\xe9"}', 'latin1'),
        headers: { host: 'localhost', 'content-type': 'application/json' },
      })
      expect(answer.statusCode).toBe(400)
      expect(answer.body).toContain('not UTF-8: the byte 12 ')
      expect(answer.body).toContain('Encode the text as UTF-8')
    },
  )

  test('sends no HTTP at all', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      let text = ''
      const socket = connect(port, '127.0.0.1', () => socket.write('GARBAGE\r\n\r\n'))
      socket.on('data', (bytes) => {
        text += bytes
      })
      socket.on('end', () => resolve(text))
      socket.on('error', reject)
    })
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect((await put('/api/v1/projects/fruit/things/a')).statusCode).toBe(200)
  })
})
