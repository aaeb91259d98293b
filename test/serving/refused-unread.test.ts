import { once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import { putFolder } from '../../src/storage/blobs/folder.ts'
import { writeModel } from './averaging-model.ts'
import { type Control, eventually, startControl, startInference, temporaryDirectory } from './stand.ts'

const user = { actor: 'user/test' }
const token = 'authorization: Bearer caller\r\n'
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control
let inference: InferenceSupervisor
let at: URL

beforeAll(async () => {
  directory = await temporaryDirectory()
  control = await startControl(`${directory.path}/control`, { tokens: { 'Bearer caller': ['predict'] } })
  inference = await startInference(control.address, `${directory.path}/inference`, { auth: 'token' })
  at = new URL(inference.addresses!.http)
  const limits = { busy: { concurrency: 1, queue: 0, wait: '1h' }, rated: { rate: '1/h' } }
  for (const [name, spec] of Object.entries(limits)) {
    // one call takes long enough for another to come meanwhile
    const model = name === 'busy' ? { layers: 60, width: 1024 } : {}
    const folder = await writeModel(join(directory.path, name), model)
    const { digest, bytes } = await putFolder(control.environment.blobs, folder)
    await control.registry.models.ensure(user, 'default', name)
    const artifact = { digest, kind: 'onnx' as const, bytes }
    await control.registry.versions.create(user, 'default', name, { artifact, datasetVersions: [] })
    await control.serving.endpoints.put(user, 'default', name, { model: name, limits: spec })
    await control.serving.deploy(user, 'default', { name, model: `${name}/1` })
  }
})
afterAll(async () => {
  await inference?.stop()
  await control?.stop()
  await directory?.remove()
})

/** A connection that says what has come so far. */
async function talk() {
  const socket = connect(Number(at.port), at.hostname)
  await once(socket, 'connect')
  let heard = ''
  socket.on('data', (bytes) => {
    heard += bytes
  })
  socket.on('error', () => {})
  return {
    say: (text: string | Buffer) => socket.write(text),
    hear: (what: RegExp) => eventually(() => what.test(heard) && heard, String(what), 5000),
    ended: () => eventually(() => socket.closed || socket.readableEnded, 'the end', 8000),
    end: () => socket.destroy(),
  }
}
const head = (endpoint: string, length: number, more = '') =>
  `POST /endpoints/${endpoint}/predict HTTP/1.1\r\nhost: localhost\r\n${more}content-length: ${length}\r\n\r\n`
const body = JSON.stringify({ instances: [{ features: { x: 1 } }] })

test('without a token the answer comes before the body, and the connection goes on', async () => {
  const caller = await talk()
  caller.say(head('rated', 500_000))
  await caller.hear(/^HTTP\/1\.1 401/)
  caller.say(Buffer.alloc(500_000))
  caller.say('GET /v2/health/live HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await caller.hear(/HTTP\/1\.1 200[\s\S]*"live":true/)
  caller.end()
})

test('a body that is too long to be passed over ends the connection, after the answer', async () => {
  const caller = await talk()
  caller.say(head('rated', 50_000_000))
  await caller.hear(/^HTTP\/1\.1 401/)
  for (let i = 0; i < 20; i++) caller.say(Buffer.alloc(200_000))
  await caller.ended()
})

test('who waits to be told to send the body is told so only when somebody wants it', async () => {
  const refused = await talk()
  refused.say(head('busy', body.length, 'expect: 100-continue\r\n'))
  const answer = await refused.hear(/401[\s\S]*unauthenticated/)
  expect(answer).not.toContain('100 Continue')
  expect(answer).toMatch(/connection: close/i)
  await refused.ended()

  const welcome = await talk()
  welcome.say(head('busy', body.length, `${token}expect: 100-continue\r\n`))
  await welcome.hear(/^HTTP\/1\.1 100 Continue/)
  welcome.say(body)
  await welcome.hear(/HTTP\/1\.1 200[\s\S]*"score"/)
  welcome.end()
})

test('beyond the rate the answer comes before the body', async () => {
  const caller = await talk()
  caller.say(head('rated', body.length, token) + body)
  await caller.hear(/^HTTP\/1\.1 200/)
  caller.say(head('rated', 1000, token))
  await caller.hear(/HTTP\/1\.1 429[\s\S]*rate_limited/)
  caller.end()
})

test('beyond what can be answered the answer comes before the body, and is counted', async () => {
  const first = await talk()
  const second = await talk()
  first.say(head('busy', body.length, token) + body)
  // refused or not, depending on whether the first is there already; the body never comes
  await eventually(async () => {
    const caller = await talk()
    caller.say(head('busy', 1000, token))
    const refused = await caller.hear(/429[\s\S]*overloaded/).catch(() => undefined)
    caller.end()
    return refused
  }, 'a refusal')
  await first.hear(/HTTP\/1\.1 200/)
  first.end()
  second.end()
  await eventually(async () => {
    const { failed } = await control.serving.requests('default', 'busy')
    return failed.some(({ error }) => error!.code === 'overloaded')
  }, 'the failed request')
})

test('over HTTP/2 the stream ends with the answer, whatever of the body is missing', async () => {
  const session = connectHttp2(at)
  const stream = session.request({ ':method': 'POST', ':path': '/endpoints/rated/predict' })
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
  expect(headers[':status']).toBe(401)
  stream.resume()
  await once(stream, 'close')
  expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR)
  session.close()
})

test('over gRPC a caller without a token is refused before its message has come', async () => {
  const session = connectHttp2(inference.addresses!.grpc.replace('grpc:', 'http:'))
  const stream = session.request({
    ':method': 'POST',
    ':path': '/inference.GRPCInferenceService/ModelInfer',
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  const told = await Promise.race([once(stream, 'trailers'), once(stream, 'response')])
  expect((told[0] as Record<string, unknown>)['grpc-status']).toBe('16')
  session.destroy()
})
