import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { deflate, gunzip, gzip, inflate } from 'node:zlib'
import { KedgeError } from '../../errors.ts'

const inflaters = { gzip: promisify(gunzip), deflate: promisify(inflate) }
const deflaters = { gzip: promisify(gzip), deflate: promisify(deflate) }
export const bodyLimit = 64 * 2 ** 20
/** below this, compressing takes longer than sending */
const compressFrom = 8192

/** One request and its answer, over HTTP/1 or HTTP/2. */
export interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  /** decoded parts of the path */
  path: string[]
  /** aborted when the caller has gone */
  signal: AbortSignal
}

/** bodies that their senders hold back until they are told to send them */
const heldBack = new WeakMap<IncomingMessage, ServerResponse>()

/** Marks a request with `Expect: 100-continue`: its body is called for when it is read, not before somebody wants it. */
export const holdBack = (request: IncomingMessage, response: ServerResponse) => heldBack.set(request, response)

/** Whether its sender was not told yet to send the body. */
export const isHeldBack = (request: IncomingMessage): boolean => heldBack.has(request)

/** what is read of a body that nobody wants, so that its sender sees the answer, and how long: bytes, milliseconds */
const unread = { bytes: 2 ** 20, time: 5000 }
/** the same of one that was too large, and had been wanted */
const tooMuch = { bytes: 2 * bodyLimit, time: 20_000 }

const passedOver = new WeakSet<IncomingMessage>()

/**
 * Passes over what is left of a body, so that the connection can be used again; ends the connection when that is too much. To
 * be called before the answer is sent: with it Node gives up an unread body, and then nobody sees how long that is.
 */
export function passOver(request: IncomingMessage, most = unread): void {
  if (request.complete || request.destroyed || passedOver.has(request)) return
  passedOver.add(request)
  let left = most.bytes
  const end = () => request.socket?.destroy()
  const late = setTimeout(end, most.time)
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) end()
  })
  for (const event of ['end', 'close', 'error']) request.once(event, () => clearTimeout(late))
  request.resume()
}

/**
 * The whole body, decompressed. Errors: `too_large`, `unsupported` encoding, `invalid_input`. What is left of a body that is
 * too large is passed over after the answer; closing at once would reset the connection, and the sender see no answer.
 */
export async function readBody(request: IncomingMessage, limit = bodyLimit): Promise<Buffer> {
  const tooLarge = () => new KedgeError('too_large', { what: 'The body', limit: `${limit / 2 ** 20} MiB` })
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    passOver(request, tooMuch)
    throw tooLarge()
  }
  heldBack.get(request)?.writeContinue()
  heldBack.delete(request)
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const take = (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) return void chunks.push(chunk)
      request.off('data', take)
      passOver(request, tooMuch)
      reject(tooLarge())
    }
    request.on('data', take)
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on('error', reject)
    request.on('close', () => {
      if (!request.complete) reject(new KedgeError('cancelled', { what: 'The request' }))
    })
  })
  const encoding = request.headers['content-encoding']?.trim().toLowerCase()
  if (encoding === undefined || encoding === 'identity') return bytes
  const inflater = Object.hasOwn(inflaters, encoding) ? inflaters[encoding as keyof typeof inflaters] : undefined
  if (!inflater) throw new KedgeError('unsupported', { what: `The content encoding ${encoding}` })
  try {
    return await inflater(bytes, { maxOutputLength: limit })
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw new KedgeError('invalid_input', { what: `The body is not valid ${encoding}` }, { cause })
  }
}

/** Errors: `invalid_input` with what the parser says. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new KedgeError('invalid_input', { what: `The body is not JSON: ${(cause as Error).message}` }, { cause })
  }
}

/** What of gzip and deflate the caller takes, with the larger `q` first, gzip where they are equal. */
export function acceptedEncoding(header: string | string[] | undefined): 'gzip' | 'deflate' | undefined {
  if (header === undefined) return undefined
  let best: 'gzip' | 'deflate' | undefined
  let most = 0
  for (const part of String(header).split(',')) {
    const [name, ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
    const encoding = name === '*' ? 'gzip' : name
    if (encoding !== 'gzip' && encoding !== 'deflate') continue
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    const weight = quality === undefined ? 1 : Number(quality.slice(2))
    if (!(weight > most) && !(weight === most && weight > 0 && encoding === 'gzip')) continue
    best = encoding
    most = weight
  }
  return best
}

/** Answers with bytes, compressed when they are many and the caller takes it. */
export async function sendBytes(
  { request, response }: Exchange,
  status: number,
  body: Buffer,
  headers: Record<string, string | number>,
): Promise<void> {
  const encoding = body.length < compressFrom ? undefined : acceptedEncoding(request.headers['accept-encoding'])
  if (!encoding) {
    response.writeHead(status, { ...headers, 'content-length': body.length })
    response.end(body)
    return
  }
  const compressed = await deflaters[encoding](body, { level: 1 })
  if (response.destroyed) return
  response.writeHead(status, {
    ...headers,
    'content-encoding': encoding,
    vary: response.hasHeader('vary') ? 'origin, accept-encoding' : 'accept-encoding',
    'content-length': compressed.length,
  })
  response.end(compressed)
}

/** Answers with a text as JSON, compressed as `sendBytes` does. */
export function sendLong(exchange: Exchange, text: string): Promise<void> | void {
  if (text.length < compressFrom) return sendText(exchange.response, 200, text)
  return sendBytes(exchange, 200, Buffer.from(text), { 'content-type': 'application/json' })
}

/** Answers with a value as JSON. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendText(response, status, JSON.stringify(value))
}

/** Answers with a text, JSON unless `type` says otherwise. */
export function sendText(response: ServerResponse, status: number, text: string, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
