import { authorization, send } from './client.ts'

export interface StreamMessage {
  id: string | undefined
  event: string
  data: string
}

export interface StreamOptions {
  signal: AbortSignal
  /** where to go on from; sent as `Last-Event-ID` */
  lastId?: string
  onMessage(message: StreamMessage): void
  onState?(state: 'connecting' | 'open' | 'lost'): void
  /** an end of the stream is its end, not a reason to connect again */
  once?: boolean
}

const firstDelay = 500
const longestDelay = 15_000

/**
 * Server-sent events by fetch, because `EventSource` sends no token. Connects again with growing delay and goes on
 * after the last id seen; resolves when `signal` aborts, or at the stream's end with `once`.
 */
export async function eventStream(url: string, options: StreamOptions): Promise<void> {
  let lastId = options.lastId
  let delay = firstDelay
  while (!options.signal.aborted) {
    options.onState?.('connecting')
    try {
      const response = await send(url, {
        headers: { accept: 'text/event-stream', ...authorization(), ...(lastId ? { 'last-event-id': lastId } : {}) },
        signal: options.signal,
      })
      options.onState?.('open')
      for await (const message of messages(response.body!)) {
        delay = firstDelay
        if (message.id !== undefined) lastId = message.id
        options.onMessage(message)
      }
      if (options.once) return
    } catch {
      if (options.signal.aborted) return
    }
    options.onState?.('lost')
    await pause(delay, options.signal)
    delay = Math.min(delay * 2, longestDelay)
  }
}

async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamMessage> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  let rest = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    rest += value
    const blocks = rest.split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const message = parseBlock(block)
      if (message) yield message
    }
  }
}

function parseBlock(block: string): StreamMessage | undefined {
  const message: StreamMessage = { id: undefined, event: 'message', data: '' }
  const data: string[] = []
  for (const line of block.split(/\r?\n/)) {
    const [, field, value] = /^(\w+): ?(.*)$/.exec(line) ?? []
    if (field === 'data') data.push(value!)
    else if (field === 'event') message.event = value!
    else if (field === 'id') message.id = value
  }
  if (data.length === 0) return undefined
  return { ...message, data: data.join('\n') }
}

const pause = (milliseconds: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
