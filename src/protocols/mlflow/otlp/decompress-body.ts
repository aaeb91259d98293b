import { promisify } from 'node:util'
import { gunzip, inflate, inflateRaw } from 'node:zlib'
import type { FastifyRequest } from 'fastify'
import { KedgeError } from '../../../errors.ts'

const inflaters = { gzip: promisify(gunzip), deflate: promisify(inflate) }
const raw = promisify(inflateRaw)
/** bytes, decompressed */
const largest = 64 * 2 ** 20

/** The body as it was before it was compressed by what its header says. Errors: `invalid_input`, `too_large`. */
export async function decompressBody(request: Pick<FastifyRequest, 'body' | 'headers'>): Promise<Buffer> {
  const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0)
  const encoding = request.headers['content-encoding']?.trim().toLowerCase()
  if (!encoding || encoding === 'identity') return body
  const inflater = inflaters[encoding as keyof typeof inflaters]
  if (!inflater) throw new KedgeError('invalid_input', { what: `Unsupported Content-Encoding: ${encoding}` })
  try {
    return await inflater(body, { maxOutputLength: largest }).catch((error) =>
      // some clients send deflate without its frame
      encoding === 'deflate' && (error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE'
        ? raw(body, { maxOutputLength: largest })
        : Promise.reject(error as Error),
    )
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new KedgeError('too_large', { what: 'The decompressed body', limit: `${largest / 2 ** 20} MiB` }, { cause })
    throw new KedgeError('invalid_input', { what: `Failed to decompress ${encoding} payload` }, { cause })
  }
}
