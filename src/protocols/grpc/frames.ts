import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { type GrpcFailure, status } from './status.ts'

/** compressions that messages may come in; answers are not compressed */
const inflaters = { gzip: promisify(gunzip), deflate: promisify(inflate) }
export const acceptedEncodings = 'identity,deflate,gzip'

/** Thrown where the bytes of a call break gRPC's own rules. */
export class FrameError extends Error implements GrpcFailure {
  readonly code: number
  readonly details: string
  constructor(code: number, details: string) {
    super(details)
    this.code = code
    this.details = details
  }
}

export interface Frame {
  compressed: boolean
  message: Buffer
}

const headBytes = 5

/** A message with its head: no compression, 4 bytes of length. */
export function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + message.length)
  bytes[0] = 0
  bytes.writeUInt32BE(message.length, 1)
  bytes.set(message, headBytes)
  return bytes
}

/** Cuts what comes in any pieces into messages. Throws `FrameError` for one that is longer than `limit`. */
export function createFrameReader(limit: number): { push(chunk: Buffer): Frame[]; readonly empty: boolean } {
  let pieces: Buffer[] = []
  let held = 0
  let needed = headBytes
  return {
    push(chunk) {
      pieces.push(chunk)
      held += chunk.length
      const frames: Frame[] = []
      while (held >= needed) {
        const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
        const length = bytes.readUInt32BE(1)
        if (length > limit)
          throw new FrameError(
            status.RESOURCE_EXHAUSTED,
            `A message has ${length} bytes; ${limit / 2 ** 20} MiB is the limit`,
          )
        const end = headBytes + length
        pieces = [bytes]
        needed = end
        if (held < end) break
        frames.push({ compressed: bytes[0] !== 0, message: bytes.subarray(headBytes, end) })
        held -= end
        pieces = held > 0 ? [bytes.subarray(end)] : []
        needed = headBytes
      }
      return frames
    },
    get empty() {
      return held === 0
    },
  }
}

/** The message as it was before it was compressed. Throws `FrameError`. */
export async function inflateMessage(message: Buffer, encoding: string | undefined, limit: number): Promise<Buffer> {
  const inflater = inflaters[encoding as keyof typeof inflaters]
  if (!encoding || encoding === 'identity')
    throw new FrameError(status.INTERNAL, 'A message says that it is compressed, and the call not how')
  if (!Object.hasOwn(inflaters, encoding))
    throw new FrameError(status.UNIMPLEMENTED, `The compression ${encoding} is not known; ${acceptedEncodings} are`)
  try {
    return await inflater(message, { maxOutputLength: limit })
  } catch (error) {
    throw (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
      ? new FrameError(status.RESOURCE_EXHAUSTED, `A message is longer than ${limit / 2 ** 20} MiB`)
      : new FrameError(status.INTERNAL, `A message is not valid ${encoding}`)
  }
}
