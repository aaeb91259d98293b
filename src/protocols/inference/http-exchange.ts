import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { KedgeError } from '../../errors.ts'

const inflaters = { gzip: promisify(gunzip), deflate: promisify(inflate) }
export const bodyLimit = 64 * 2 ** 20

/**
 * The whole body, decompressed. Errors: `too_large`, `unsupported` encoding, `invalid_input`. What is left of a body that is
 * too large is passed over after the answer; closing at once would reset the connection, and the sender see no answer.
 */
export async function readBody(request: IncomingMessage, limit = bodyLimit): Promise<Buffer> {
  const tooLarge = () => new KedgeError('too_large', { what: 'The body', limit: `${limit / 2 ** 20} MiB` })
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge()
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const take = (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) return void chunks.push(chunk)
      request.off('data', take)
      reject(tooLarge())
    }
    request.on('data', take)
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on('error', reject)
    request.on('close', () => {
      if (!request.complete) reject(new KedgeError('cancelled', { what: 'The request' }))
    })
  })
  const encoding = request.headers['content-encoding']
  if (encoding === undefined || encoding === 'identity') return bytes
  const inflater = inflaters[encoding as keyof typeof inflaters]
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

/** Answers with a value as JSON. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendText(response, status, JSON.stringify(value))
}

/** Answers with a text, JSON unless `type` says otherwise. */
export function sendText(response: ServerResponse, status: number, text: string, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
