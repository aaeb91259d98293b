import type { FastifyReply, FastifyRequest } from 'fastify'

export interface StreamedMessage {
  id?: string | number
  event?: string
  data: unknown
}

const heartbeat = 15_000

/** Answers with server-sent events until `messages` ends, the caller goes or the server closes; `signal` tells the source. */
export async function sendEventStream(
  request: FastifyRequest,
  reply: FastifyReply,
  messages: (signal: AbortSignal) => AsyncIterable<StreamedMessage>,
): Promise<void> {
  const gone = new AbortController()
  request.raw.on('close', () => gone.abort())
  reply.raw.on('close', () => gone.abort())
  // who has gone before this is said only here
  if (request.raw.socket.destroyed) gone.abort()
  const signal = AbortSignal.any([gone.signal, request.server.closing])
  reply.hijack()
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  reply.raw.write(': open\n\n')
  const timer = setInterval(() => reply.raw.write(': still here\n\n'), heartbeat)
  try {
    for await (const message of messages(signal)) {
      const head = `${message.id === undefined ? '' : `id: ${message.id}\n`}${message.event === undefined ? '' : `event: ${message.event}\n`}`
      if (!reply.raw.write(`${head}data: ${JSON.stringify(message.data)}\n\n`)) await drained(reply, signal)
      if (signal.aborted) break
    }
  } finally {
    clearInterval(timer)
    reply.raw.end()
  }
}

function drained(reply: FastifyReply, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // an abort that was before is not told again, and who is gone drains nothing
    if (signal.aborted) return resolve()
    reply.raw.once('drain', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
