import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { acceptedEncodings, createFrameReader, type Frame, FrameError, frame, inflateMessage } from './frames.ts'
import { type GrpcFailure, status } from './status.ts'

/** The call that a message belongs to. */
export interface GrpcCall {
  headers: IncomingHttpHeaders
  /** the caller's address, without its port */
  address: string | undefined
  /** milliseconds since 1970; infinite where the caller waits for ever */
  deadline: number
  /** aborted when the caller has gone */
  signal: AbortSignal
}

/** Messages of a stream: what comes, and the way back. */
export interface GrpcStream<Request, Answer> {
  /** In their order; while about `most` are not done, no more is read. `read` throws for what is no message of the method. */
  each(handle: (read: () => Request) => Promise<void>, most: number): Promise<void>
  /** Resolves when the caller has room for more; false when it has gone. */
  write(answer: Answer): Promise<boolean>
}

/** What a method does; what it throws is told as `failure` says. */
export type GrpcMethod = {
  decode(bytes: Buffer): unknown
  encode(answer: never): Uint8Array
} & (
  | { unary(request: never, call: GrpcCall): Promise<object> | object; stream?: undefined }
  | { stream(stream: GrpcStream<never, object>, call: GrpcCall): Promise<void>; unary?: undefined }
)

export interface GrpcServerOptions {
  host: string
  port: number
  /** by path, `/package.Service/Method` */
  methods: ReadonlyMap<string, GrpcMethod>
  /** Looks at a call before its messages are read; what it throws refuses it. */
  admit?(path: string, headers: IncomingHttpHeaders): void
  failure(thrown: unknown): GrpcFailure
  /** bytes of a message */
  limit: number
  clock: () => number
}

export interface GrpcServer {
  port: number
  /** Takes no new calls, lets those that run finish for `grace` milliseconds. */
  stop(grace: number): Promise<void>
}

const answerHead = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': acceptedEncodings,
}
const done = { 'grpc-status': '0' }
const units: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }
const windowBytes = 2 ** 20
const keepAlive = { every: 60_000, patience: 20_000 }
const streamsAtOnce = 1024

/** gRPC over HTTP/2 without TLS, on Node's own HTTP/2. Errors: what listening fails with. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = createServer({
    settings: { maxConcurrentStreams: streamsAtOnce, initialWindowSize: windowBytes },
    // messages are held here, not in the session
    maxSessionMemory: Number.MAX_SAFE_INTEGER,
  })
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.setLocalWindowSize(4 * windowBytes)
    const pings = setInterval(() => {
      const late = setTimeout(() => session.destroy(), keepAlive.patience)
      late.unref()
      if (!session.ping(() => clearTimeout(late))) clearTimeout(late)
    }, keepAlive.every)
    pings.unref()
    session.once('close', () => {
      clearInterval(pings)
      sessions.delete(session)
    })
  })
  server.on('sessionError', () => {})
  server.on('stream', (stream, headers) => answerCall(options, stream, headers))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: options.host, port: options.port, backlog: 1024 }, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    stop: (grace) =>
      new Promise((resolve) => {
        const force = setTimeout(() => {
          for (const session of sessions) session.destroy()
        }, grace)
        server.close(() => {
          clearTimeout(force)
          resolve()
        })
        for (const session of sessions) session.close()
      }),
  }
}

function answerCall(options: GrpcServerOptions, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const { limit, failure } = options
  const path = headers[':path']!
  const gone = new AbortController()
  let over = false
  stream.on('error', () => {})
  const leave = () => {
    if (!over) gone.abort()
    over = true
    stream.resume()
  }
  stream.on('aborted', leave)
  stream.on('close', leave)

  /** What the caller still sends is dropped: a stream stays until everything that has come is read. */
  const forget = () => {
    if (stream.readableEnded) return
    stream.resume()
    stream.close(constants.NGHTTP2_NO_ERROR)
  }
  /** Trailers, behind messages or alone. */
  const end = (trailers: Record<string, string>, last?: Buffer) => {
    if (over || stream.destroyed) return
    over = true
    if (!stream.headersSent && !last) {
      stream.respond({ ...answerHead, ...trailers }, { endStream: true, sendDate: false } as never)
    } else {
      if (!stream.headersSent) respond(stream)
      stream.on('wantTrailers', () => {
        stream.sendTrailers(trailers)
        setImmediate(forget)
      })
      stream.end(last)
      return
    }
    forget()
  }
  const fail = (thrown: unknown) => {
    const { code, details, metadata }: GrpcFailure = thrown instanceof FrameError ? thrown : failure(thrown)
    end({ 'grpc-status': String(code), 'grpc-message': percentEncoded(details), ...metadata })
  }

  if (headers[':method'] !== 'POST' || !/^application\/grpc($|[+;])/.test(headers['content-type'] ?? '')) {
    over = true
    stream.respond({ ':status': headers[':method'] === 'POST' ? 415 : 405 }, { endStream: true })
    stream.close(constants.NGHTTP2_NO_ERROR)
    return
  }
  const method = options.methods.get(path)
  if (!method) {
    fail(new FrameError(status.UNIMPLEMENTED, `The method ${path} does not exist`))
    return
  }
  try {
    options.admit?.(path, headers)
  } catch (error) {
    fail(error)
    return
  }
  const call: GrpcCall = {
    headers,
    address: stream.session?.socket?.remoteAddress,
    deadline: deadlineOf(headers['grpc-timeout'], options.clock),
    signal: gone.signal,
  }
  const reader = createFrameReader(limit)
  const messageOf = ({ compressed, message }: Frame) =>
    compressed ? inflateMessage(message, headers['grpc-encoding'] as string | undefined, limit) : message

  if (method.unary) {
    const frames: Frame[] = []
    stream.on('data', (chunk: Buffer) => {
      if (over) return
      try {
        for (const one of reader.push(chunk)) frames.push(one)
        if (frames.length > 1) throw new FrameError(status.UNIMPLEMENTED, 'This method takes one message')
      } catch (error) {
        fail(error)
      }
    })
    const answer = async () => {
      if (frames.length === 0 || !reader.empty) throw new FrameError(status.INTERNAL, 'The call ended within a message')
      const message = messageOf(frames[0]!)
      const request = method.decode(message instanceof Buffer ? message : await message)
      end(done, frame(method.encode((await method.unary(request as never, call)) as never)))
    }
    stream.on('end', () => {
      if (!over) answer().catch(fail)
    })
    return
  }

  method
    .stream(
      {
        each: (handle, most) =>
          eachMessage(
            stream,
            reader,
            messageOf,
            (bytes) => handle(() => method.decode(bytes) as never),
            most,
            call.signal,
          ),
        async write(answer) {
          if (over) return false
          if (!stream.headersSent) respond(stream)
          if (!stream.write(frame(method.encode(answer as never)))) await roomIn(stream)
          return !over
        },
      },
      call,
    )
    .then(
      () => end(done),
      (thrown) => {
        fail(thrown)
        // what is still done for its other messages
        gone.abort()
      },
    )
}

const respond = (stream: ServerHttp2Stream) =>
  stream.respond(answerHead, { waitForTrailers: true, sendDate: false } as never)

/** Hands every message on, in their order; while `most` are not done, no more is read. Rejects for bytes that are no messages. */
function eachMessage(
  stream: ServerHttp2Stream,
  reader: ReturnType<typeof createFrameReader>,
  messageOf: (frame: Frame) => Buffer | Promise<Buffer>,
  handle: (message: Buffer) => Promise<void>,
  most: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let running = 0
    let ended = false
    const settle = () => {
      if (ended && running === 0) resolve()
    }
    let last: Promise<unknown> = Promise.resolve()
    const take = (one: Frame) => {
      const message = messageOf(one)
      const turn = last.then(() => message)
      last = turn.catch(() => {})
      turn.then(handle).then(() => {
        if (--running < most) stream.resume()
        settle()
      }, reject)
    }
    stream.on('data', (chunk: Buffer) => {
      if (signal.aborted) return
      try {
        for (const one of reader.push(chunk)) {
          if (++running >= most) stream.pause()
          take(one)
        }
      } catch (error) {
        reject(error)
      }
    })
    const finish = () => {
      ended = true
      if (!reader.empty) reject(new FrameError(status.INTERNAL, 'The call ended within a message'))
      settle()
    }
    stream.on('end', finish)
    stream.on('close', finish)
  })
}

function roomIn(stream: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      stream.off('drain', go)
      stream.off('close', go)
      resolve()
    }
    stream.on('drain', go)
    stream.on('close', go)
  })
}

function deadlineOf(timeout: string | string[] | undefined, clock: () => number): number {
  const [, amount, unit] = /^(\d{1,8})([HMSmun])$/.exec(String(timeout ?? '')) ?? []
  return amount === undefined ? Number.POSITIVE_INFINITY : clock() + Number(amount) * units[unit!]!
}

/** As gRPC wants a text in a header: printable ASCII as it is, all else of its UTF-8 with a percent sign. */
const percentEncoded = (text: string) =>
  text.replace(/[^\x20-\x24\x26-\x7e]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
