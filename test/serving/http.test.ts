import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLog } from '../../src/log.ts'
import { createDoor } from '../../src/protocols/inference/door.ts'
import { type Listener, startInferenceListener } from '../../src/protocols/inference/http-listener.ts'
import { createControlClient } from '../../src/serving/inference/control-client.ts'
import { type InferenceNode, startInferenceNode } from '../../src/serving/inference/inference-node.ts'
import { createPseudonyms } from '../../src/serving/inference/pseudonyms.ts'
import { type ServedModels, serveModels } from './served-models.ts'
import { expectedOf } from './stand.ts'

const matrix = expectedOf('matrix')
let served: ServedModels
let at: string

beforeAll(async () => {
  served = await serveModels({ matrix: 'matrix' })
  at = served.inference.addresses!.http
})
afterAll(() => served?.stop())

const rows = (n: number) => Array.from({ length: n }, (_, i) => matrix.rows[i % matrix.rows.length]!)
const inferBody = (n: number) =>
  JSON.stringify({ inputs: [{ name: 'X', datatype: 'FP32', shape: [n, 20], data: rows(n).flat() }] })
const path = '/v2/models/matrix/infer'

/** The raw answers to what is written on one connection, until the server closes it or the time is over. */
async function raw(text: string | Buffer, address = at): Promise<{ answer: string; closed: boolean }> {
  const { hostname, port } = new URL(address)
  const socket = connect(Number(port), hostname)
  let answer = ''
  socket.on('data', (piece) => {
    answer += piece
  })
  socket.on('error', () => {})
  socket.write(text)
  const closed = await Promise.race([
    once(socket, 'close').then(() => true),
    new Promise<false>((done) => setTimeout(() => done(false), 3000).unref()),
  ])
  socket.destroy()
  return { answer, closed }
}

describe('compression', () => {
  test.each([
    ['gzip', gunzipSync],
    ['deflate', inflateSync],
  ] as const)('a long answer is sent in %s to whoever takes it, binary tensors too', async (encoding, expand) => {
    const { request } = await import('undici')
    const send = async (headers: Record<string, string>, binary: boolean) => {
      const body = JSON.parse(inferBody(1000))
      const answer = await request(`${at}${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ ...body, ...(binary ? { parameters: { binary_data_output: true } } : {}) }),
      })
      return { headers: answer.headers, bytes: Buffer.from(await answer.body.arrayBuffer()) }
    }
    for (const binary of [false, true]) {
      const plain = await send({}, binary)
      const packed = await send({ 'accept-encoding': encoding }, binary)
      expect(plain.headers['content-encoding']).toBeUndefined()
      expect(packed.headers).toMatchObject({ 'content-encoding': encoding, vary: 'accept-encoding' })
      expect(packed.headers['inference-header-content-length']).toBe(plain.headers['inference-header-content-length'])
      const withoutId = (bytes: Buffer) => bytes.toString('latin1').replace(/"id":"[^"]*"/, '')
      expect(withoutId(expand(packed.bytes))).toBe(withoutId(plain.bytes))
    }
  })

  test('a request may be compressed; bytes that are not, and what is unknown, are refused', async () => {
    const send = (encoding: string, body: Buffer) =>
      fetch(`${at}${path}`, { method: 'POST', headers: { 'content-encoding': encoding }, body: new Uint8Array(body) })
    expect((await send('gzip', gzipSync(inferBody(2)))).status).toBe(200)
    expect((await send('GZIP', gzipSync(inferBody(2)))).status).toBe(200)
    expect((await send('gzip', Buffer.from(inferBody(2)))).status).toBe(400)
    expect((await send('br', Buffer.from(inferBody(2)))).status).toBe(415)
    expect((await send('gzip', gzipSync(Buffer.alloc(70 * 2 ** 20)))).status).toBe(413)
  })
})

describe('connections', () => {
  const post = (body: string) =>
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

  test('HTTP/1.1 stays open: requests that came at once are answered in their order', async () => {
    const one = (id: string) => post(JSON.stringify({ id, ...JSON.parse(inferBody(1)) }))
    const { answer, closed } = await raw(
      `${one('a')}${one('b')}GET /v2/health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
    )
    expect(closed).toBe(true)
    expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(3)
    expect([...answer.matchAll(/"id":"(\w)"/g)].map(([, id]) => id)).toEqual(['a', 'b'])
  })

  test('HTTP/2 is answered on the same port, streams beside each other', async () => {
    const session = connectHttp2(at)
    const call = (method: string, where: string, body = '') =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const stream = session.request({ ':method': method, ':path': where, 'content-type': 'application/json' })
        let status = 0
        let text = ''
        stream.on('response', (headers) => {
          status = Number(headers[':status'])
        })
        stream.setEncoding('utf8')
        stream.on('data', (piece) => {
          text += piece
        })
        stream.on('end', () => resolve({ status, text }))
        stream.on('error', reject)
        if (method !== 'GET') stream.end(body)
      })
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => call('POST', path, inferBody(i + 1))))
    answers.forEach(({ status, text }, i) => {
      expect(status).toBe(200)
      expect(JSON.parse(text).outputs[0].shape[0]).toBe(i + 1)
    })
    expect((await call('GET', '/v2/health/ready')).status).toBe(200)
    expect(await call('GET', '/v2/models/none')).toMatchObject({
      status: 404,
      text: expect.stringContaining('"error"'),
    })
    const large = call('POST', path, ' '.repeat(65 * 2 ** 20))
    expect((await large).status).toBe(413)
    session.close()
  })

  test('a preface in pieces is HTTP/2 too, and one that ends as something else is refused', async () => {
    const { hostname, port } = new URL(at)
    const socket: Socket = connect(Number(port), hostname)
    socket.setNoDelay(true)
    socket.write('PRI * HT')
    await new Promise((done) => setTimeout(done, 50))
    socket.write('TP/2.0\r\n\r\nSM\r\n\r\n')
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]))
    const [frame] = (await once(socket, 'data')) as [Buffer]
    expect(frame[3]).toBe(4)
    socket.destroy()
    expect((await raw('PRI * HTTP/2.0\r\n\r\nGET / HTTP/1.1\r\n\r\n')).closed).toBe(true)
  })

  test('a connection whose other side ends before it said anything is closed at once', async () => {
    const { hostname, port } = new URL(at)
    for (const beginning of ['', 'PRI']) {
      const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
      socket.end(beginning)
      socket.resume()
      await once(socket, 'end')
      socket.destroy()
    }
  }, 5000)

  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\n`
  test.each([
    ['a length and chunks', `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two lengths', `${head}content-length: 5\r\ncontent-length: 6\r\n\r\nhello!`],
    ['a negative length', `${head}content-length: -1\r\n\r\n`],
    ['a length with a sign', `${head}content-length: +5\r\n\r\nhello`],
    ['a length of 2^63', `${head}content-length: 9223372036854775808\r\n\r\n{}`],
    ['chunks that are not the last encoding', `${head}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ['an unknown encoding', `${head}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a space before the colon', `${head}transfer-encoding : chunked\r\n\r\n0\r\n\r\n`],
    ['a size of a chunk that overflows', `${head}transfer-encoding: chunked\r\n\r\nffffffffffffffff1\r\nx`],
    ['a chunk that is longer than said', `${head}transfer-encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n`],
    ['a header that is folded', `${head}x: a\r\n b\r\ncontent-length: 2\r\n\r\n{}`],
    ['a bare line feed', `POST ${path} HTTP/1.1\nhost: localhost\ncontent-length: 2\n\n{}`],
    ['no host', `POST ${path} HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}`],
  ])('a request with %s is refused, and what follows it is nobody’s request', async (_what, request) => {
    const { answer } = await raw(`${request}GET /v2/health/live?smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    expect(answer).not.toContain('"live"')
    expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/)
  })

  test('half a request, and a caller who goes away, are no failure of the endpoint', async () => {
    const { hostname, port } = new URL(at)
    for (const part of [`${head}content-le`, `${head}content-length: 1000\r\n\r\n{"inputs"`, post(inferBody(500))]) {
      const socket = connect(Number(port), hostname)
      await once(socket, 'connect')
      socket.write(part)
      socket.destroy()
    }
    const answer = await fetch(`${at}${path}`, { method: 'POST', body: inferBody(1) })
    expect(answer.status).toBe(200)
    expect(served.inference.restarts).toBe(0)
  })
})

describe('slow callers', () => {
  let directory: string
  let node: InferenceNode
  let listener: Listener

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kedge-slow-'))
    const control = createControlClient('http://127.0.0.1:1', 'secret')
    node = await startInferenceNode({
      ...{ directory, node: 'test', control, runtimes: [], log: silentLog, clock: Date.now },
      pseudonyms: createPseudonyms('secret'),
    })
    listener = await startInferenceListener({
      node,
      host: '127.0.0.1',
      port: 0,
      log: silentLog,
      clock: Date.now,
      version: '1',
      door: createDoor({ authorize: undefined, clock: Date.now }),
      allowedHosts: new Set(['localhost', '127.0.0.1']),
      patience: { headers: 200, request: 400, idle: 300 },
    })
  })
  afterAll(async () => {
    await listener?.stop()
    await node?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  test.each([
    ['nothing', ''],
    ['half of the headers', 'POST /v2/repository/index HTTP/1.1\r\nhost: loc'],
    ['half of the body', 'POST /v2/repository/index HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n{'],
    ['half of the preface of HTTP/2', 'PRI * HTTP'],
    ['nothing after a request', 'GET /v2/health/live HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['nothing after the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0'],
  ])('a connection that sends %s is closed', async (_what, text) => {
    expect((await raw(text, listener.address)).closed).toBe(true)
  })

  test('a body that does not come over HTTP/2 ends its stream', async () => {
    const session = connectHttp2(listener.address)
    const stream = session.request({ ':method': 'POST', ':path': '/v2/repository/index' })
    stream.write('{')
    stream.on('error', () => {})
    await once(stream, 'close')
    expect(stream.rstCode).not.toBe(0)
    session.destroy()
  })
})
