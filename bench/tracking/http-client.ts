import { connect, type Socket } from 'node:net'

export interface Answer {
  status: number
  body: Buffer
}

export interface Connection {
  /** Sends one request and resolves with its answer; one at a time. */
  send(method: string, path: string, body?: string): Promise<Answer>
  close(): void
}

/** servers close what is idle; a connection that has been so for longer is opened anew, milliseconds */
const longestIdle = 2000

/** A keep-alive connection that does as little as can be done, so that the client is not what is measured. */
export function openConnection(port: number): Connection {
  let socket: Socket | undefined
  let usedAt = 0
  let waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined
  let chunks: Buffer[] = []
  let size = 0
  /** bytes that the answer has in all, as soon as its head is read; 0 for one in chunks */
  let expected: number | undefined
  let head = ''

  const finish = (body: Buffer) => {
    const done = waiting
    waiting = undefined
    usedAt = performance.now()
    clear()
    done?.resolve({ status: Number(head.slice(9, 12)), body })
  }
  function clear() {
    chunks = []
    size = 0
    expected = undefined
  }
  function receive(chunk: Buffer) {
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
  }
  async function open() {
    socket?.destroy()
    clear()
    const own = connect({ host: '127.0.0.1', port, noDelay: true })
    socket = own
    await new Promise<void>((resolve, reject) => own.once('connect', resolve).once('error', reject))
    const fail = (error: Error) => {
      if (own === socket) waiting?.reject(error)
    }
    own.on('data', receive)
    own.on('close', () => fail(new Error('the server closed the connection')))
    own.on('error', fail)
  }

  const exchange = (text: string) =>
    new Promise<Answer>((resolve, reject) => {
      waiting = { resolve, reject }
      socket!.write(text)
    })

  return {
    async send(method, path, body) {
      if (!socket || socket.destroyed || performance.now() - usedAt > longestIdle) await open()
      const content =
        body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`
      const text = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${content}\r\n${body ?? ''}`
      try {
        return await exchange(text)
      } catch (error) {
        // a server that has replaced a worker process; one that is gone refuses the new connection
        if (size > 0) throw error
        await open()
        return exchange(text)
      }
    },
    close: () => void socket?.destroy(),
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

/** The same connection, and the milliseconds that its answers have taken until their last byte. */
export function timeAnswers(connection: Connection): { connection: Connection; spent(): number } {
  let spent = 0
  return {
    connection: {
      ...connection,
      async send(...request) {
        const sent = performance.now()
        const answer = await connection.send(...request)
        spent += performance.now() - sent
        return answer
      },
    },
    spent: () => spent,
  }
}
