import type { Server } from 'node:http'
import { createServer, type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/**
 * Lets an HTTP/1 server answer HTTP/2 without TLS on the same port (prior knowledge): the first bytes of a connection say
 * which it is. A connection that sends none for `patience` milliseconds, or is idle for `idle`, is closed.
 */
export function acceptHttp2(
  server: Server,
  handle: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
  { patience, idle }: { patience: number; idle: number },
): {
  /** Sessions end with what runs in them, connections that have said nothing after `grace` milliseconds. */
  close(grace: number): void
  destroy(): void
} {
  const [http1] = server.listeners('connection') as ((socket: Socket) => void)[]
  server.removeAllListeners('connection')
  const http2 = createServer({ settings: { maxConcurrentStreams: 256 }, maxSessionMemory: 128 }, handle)
  http2.setTimeout(idle)
  http2.on('sessionError', () => {})
  const undecided = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  http2.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })

  server.on('connection', (socket: Socket) => {
    undecided.add(socket)
    let head: Buffer | undefined
    const end = () => socket.destroy()
    const fail = () => {}
    const forget = () => undecided.delete(socket)
    socket.setTimeout(patience, end)
    socket.on('error', fail)
    socket.on('close', forget)
    // the server lets connections be half open, which nothing would end
    socket.on('end', end)
    const look = (chunk: Buffer) => {
      head = head ? Buffer.concat([head, chunk]) : chunk
      const length = Math.min(head.length, preface.length)
      const isHttp2 = preface.compare(head, 0, length, 0, length) === 0
      if (isHttp2 && length < preface.length) return
      socket.off('data', look)
      socket.off('timeout', end)
      socket.off('error', fail)
      socket.off('close', forget)
      socket.off('end', end)
      socket.setTimeout(0)
      forget()
      socket.pause()
      socket.unshift(head)
      if (isHttp2) {
        // a session reads by itself what its socket holds
        http2.emit('connection', socket)
        return
      }
      http1!.call(server, socket)
      process.nextTick(() => socket.resume())
    }
    socket.on('data', look)
  })

  const destroyUndecided = () => {
    for (const socket of undecided) socket.destroy()
  }
  return {
    close(grace) {
      // what they say may be on its way
      setTimeout(destroyUndecided, grace)
      for (const session of sessions) session.close()
    },
    destroy() {
      destroyUndecided()
      for (const session of sessions) session.destroy()
    },
  }
}
