import { connect, type Socket } from 'node:net'

export interface Answer {
  status: number
  body: Buffer
}

export interface Connection {
  /** Sends one request and resolves with its answer; one at a time. */
  send(method: string, path: string, body?: string | Buffer): Promise<Answer>
  close(): void
}

/** A keep-alive connection that does as little as can be done, so that the client is not what is measured. */
export async function openConnection(port: number): Promise<Connection> {
  const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  let waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined
  let chunks: Buffer[] = []
  let size = 0
  /** bytes that the answer has in all, as soon as its head is read; 0 for one in chunks */
  let expected: number | undefined
  let head = ''
  const finish = (body: Buffer) => {
    const done = waiting!
    waiting = undefined
    chunks = []
    size = 0
    expected = undefined
    done.resolve({ status: Number(head.slice(9, 12)), body })
  }
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    size += chunk.length
    if (expected === undefined) {
      const all = chunks.length === 1 ? chunk : Buffer.concat(chunks)
      const end = all.indexOf('\r\n\r\n')
      if (end < 0) return
      head = all.toString('latin1', 0, end)
      const length = /\r\ncontent-length: *(\d+)/i.exec(head)
      expected = length ? end + 4 + Number(length[1]) : 0
    }
    if (expected > 0) {
      if (size < expected) return
      const all = chunks.length === 1 ? chunk : Buffer.concat(chunks)
      finish(all.subarray(all.indexOf('\r\n\r\n') + 4, expected))
    } else if (chunk.subarray(-5).toString('latin1') === '0\r\n\r\n') {
      const all = Buffer.concat(chunks)
      finish(unchunk(all.subarray(all.indexOf('\r\n\r\n') + 4)))
    }
  })
  socket.on('close', () => waiting?.reject(new Error('the server closed the connection')))
  socket.on('error', (error) => waiting?.reject(error))
  return {
    send(method, path, body) {
      const length = body === undefined ? 0 : Buffer.byteLength(body)
      const start = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${length}\r\n`}\r\n`
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        if (typeof body === 'string') socket.write(start + body)
        else socket.write(body ? Buffer.concat([Buffer.from(start), body]) : start)
      })
    },
    close: () => socket.destroy(),
  }
}

function unchunk(text: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const line = text.indexOf('\r\n', at)
    const length = Number.parseInt(text.toString('latin1', at, line), 16)
    if (!length) return Buffer.concat(parts)
    parts.push(text.subarray(line + 2, line + 2 + length))
    at = line + 4 + length
  }
}
