import { type ClientHttp2Session, connect } from 'node:http2'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { frame } from '../../src/protocols/grpc/frames.ts'
import { status } from '../../src/protocols/grpc/status.ts'
import { inferenceProtos } from '../../src/protocols/open-inference/protos.ts'
import { type ServedModels, serveModels } from './served-models.ts'
import { eventually, expectedOf } from './stand.ts'

const matrix = expectedOf('matrix')
const request = inferenceProtos().lookupType('inference.ModelInferRequest')
const message = Buffer.from(
  request
    .encode(
      request.fromObject({
        model_name: 'matrix',
        id: 'wire',
        inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 20], contents: { fp32_contents: matrix.rows[0] } }],
      }),
    )
    .finish(),
)
const path = '/inference.GRPCInferenceService/ModelInfer'
let served: ServedModels
let session: ClientHttp2Session

beforeAll(async () => {
  served = await serveModels({ matrix: 'matrix' })
  session = connect(served.inference.addresses!.grpc.replace('grpc:', 'http:'))
})
afterAll(async () => {
  session?.close()
  await served?.stop()
})

interface Ended {
  http: number
  code: number | undefined
  message: string | undefined
  bytes: number
}

/** One call as it goes over the wire: pieces of its body, or a body that does not end. */
function call(headers: Record<string, string>, pieces: readonly Buffer[], ends = true): Promise<Ended> {
  const stream = session.request({
    ...{ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
    ...headers,
  })
  stream.on('error', () => {})
  return new Promise((resolve) => {
    let all: Record<string, unknown> = {}
    let bytes = 0
    stream.on('response', (head) => {
      all = { ...all, ...head }
    })
    stream.on('trailers', (trailers) => {
      all = { ...all, ...trailers }
    })
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    stream.on('close', () => {
      const code = all['grpc-status']
      resolve({
        http: Number(all[':status']),
        code: code === undefined ? undefined : Number(code),
        message: all['grpc-message'] as string | undefined,
        bytes,
      })
    })
    for (const piece of pieces) stream.write(piece)
    if (ends) stream.end()
  })
}

const compressed = (bytes: Buffer) => {
  const head = Buffer.alloc(5, 1)
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

test('a message is answered in whatever pieces it comes, and compressed', async () => {
  const whole = frame(message)
  const ways: [Record<string, string>, Buffer[]][] = [
    [{}, [whole]],
    [{ 'content-type': 'application/grpc+proto' }, [whole.subarray(0, 3), whole.subarray(3, 40), whole.subarray(40)]],
    [{ 'grpc-encoding': 'gzip' }, [compressed(gzipSync(message))]],
    [{ 'grpc-timeout': '10S' }, [whole]],
  ]
  for (const [headers, pieces] of ways) {
    const answer = await call(headers, pieces)
    expect(answer).toMatchObject({ http: 200, code: status.OK })
    expect(answer.bytes).toBeGreaterThan(20)
  }
})

test.each<[string, Record<string, string>, Buffer[], Partial<Ended>]>([
  ['no message', {}, [], { http: 200, code: status.INTERNAL }],
  ['half a message', {}, [frame(message).subarray(0, 50)], { http: 200, code: status.INTERNAL }],
  ['two messages', {}, [frame(message), frame(message)], { http: 200, code: status.UNIMPLEMENTED }],
  ['a method that is not there', { ':path': '/inference.None/Call' }, [frame(message)], { code: status.UNIMPLEMENTED }],
  [
    'a compression that is not known',
    { 'grpc-encoding': 'snappy' },
    [compressed(message)],
    { code: status.UNIMPLEMENTED },
  ],
  ['bytes that are not what they say', { 'grpc-encoding': 'gzip' }, [compressed(message)], { code: status.INTERNAL }],
  ['a time that is over', { 'grpc-timeout': '1n' }, [frame(message)], { code: status.DEADLINE_EXCEEDED }],
  ['bytes that are no message', {}, [frame(Buffer.from([0x0f]))], { code: status.INVALID_ARGUMENT }],
  ['another content', { 'content-type': 'application/json' }, [frame(message)], { http: 415, code: undefined }],
  ['another verb', { ':method': 'PUT' }, [frame(message)], { http: 405, code: undefined }],
])('%s is refused in gRPC’s form, and the next call answered', async (_what, headers, pieces, expected) => {
  expect(await call(headers, pieces)).toMatchObject(expected)
  expect(await call({}, [frame(message)])).toMatchObject({ code: status.OK })
})

test('a length over the limit is refused before the bytes have come, and a text of any letters arrives', async () => {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(2 ** 31, 1)
  expect(await call({}, [head], false)).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  const named = Buffer.from(request.encode(request.fromObject({ model_name: 'ü 100%' })).finish())
  const { code, message: text } = await call({}, [frame(named)])
  expect(code).toBe(status.NOT_FOUND)
  expect(decodeURIComponent(text!)).toContain('ü 100%')
})

test('calls that are cut off at any moment leave nothing behind', async () => {
  for (let i = 0; i < 100; i++) {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' })
    stream.on('error', () => {})
    stream.write(frame(message).subarray(0, 1 + i))
    if (i % 2 === 0) stream.end()
    setImmediate(() => stream.close(8))
  }
  expect(await call({}, [frame(message)])).toMatchObject({ code: status.OK })
  const { live } = await eventually(async () => {
    const found = await served.control.serving.endpoints.get('default', 'matrix')
    return found.live.predictions > 0 && found
  })
  expect(live.errors).toBe(0)
  expect(served.inference.restarts).toBe(0)
})
