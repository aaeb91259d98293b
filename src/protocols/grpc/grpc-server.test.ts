import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { frame } from './frames.ts'
import { type GrpcCall, type GrpcServer, type GrpcStream, startGrpcServer } from './grpc-server.ts'
import { status } from './status.ts'

const most = 4
const message = frame(Buffer.alloc(200, 1))
/** says that it is compressed, in a call that does not say how */
const damaged = Buffer.from([1, 0, 0, 0, 1, 1])
let server: GrpcServer
let session: ClientHttp2Session
/** calls of a method that is done with no message before its caller has gone */
let calls: GrpcCall[]
let taken: number

beforeEach(async () => {
  calls = []
  taken = 0
  const patient = {
    decode: (bytes: Buffer) => bytes,
    encode: () => Buffer.alloc(0),
    stream(stream: GrpcStream<Buffer, object>, call: GrpcCall) {
      calls.push(call)
      return stream.each(async () => {
        taken++
        await once(call.signal, 'abort')
      }, most)
    },
  }
  server = await startGrpcServer({
    ...{ host: '127.0.0.1', port: 0, limit: 1000, clock: () => 0 },
    methods: new Map([['/kedge.Test/Patient', patient as never]]),
    failure: () => ({ code: status.UNKNOWN, details: '' }),
  })
  session = connect(`http://127.0.0.1:${server.port}`)
  session.on('error', () => {})
})
afterEach(async () => {
  session.destroy()
  await server.stop(0)
})

/** A call with so many messages as are taken at once, and what comes with them. */
function begin(more: readonly Buffer[] = []): ClientHttp2Stream {
  const stream = session.request({
    ...{ ':method': 'POST', ':path': '/kedge.Test/Patient', 'content-type': 'application/grpc' },
  })
  stream.on('error', () => {})
  stream.write(Buffer.concat([...new Array<Buffer>(most).fill(message), ...more]))
  return stream
}

test.each<[string, (stream: ClientHttp2Stream) => void]>([
  ['cancels', (stream) => stream.close(8)],
  ['ends the call without a reason', (stream) => stream.close(0)],
  ['ends the connection', () => session.destroy()],
])('whoever %s, while no more of the call is read, has gone', async (_what, leave) => {
  const stream = begin()
  while (taken < most) await new Promise(setImmediate)
  // one that has come, and is not taken
  await new Promise((written) => stream.write(message, written))
  await new Promise((answered) => session.ping(answered))
  const gone = once(calls[0]!.signal, 'abort')
  leave(stream)
  await gone
  expect(taken).toBe(most)
})

test('a call that is refused for one message ends what is done for its others', async () => {
  const [head] = (await once(begin([damaged]), 'response')) as [Record<string, string>]
  expect(head['grpc-status']).toBe(String(status.INTERNAL))
  if (!calls[0]!.signal.aborted) await once(calls[0]!.signal, 'abort')
})
