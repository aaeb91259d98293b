import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { BlobInfo } from '../../contracts/blob-store.ts'

/** Writes a new file (mode 0600) and finds its digest (SHA-256, hex) and bytes on the way; `flush`: durable at the end. */
export async function writeDigested(
  file: string,
  content: Readable | Uint8Array,
  { flush = false } = {},
): Promise<BlobInfo> {
  const hash = createHash('sha256')
  let bytes = 0
  const count = new Transform({
    transform(piece: Buffer, _, done) {
      hash.update(piece)
      bytes += piece.length
      done(null, piece)
    },
  })
  const source = content instanceof Uint8Array ? Readable.from([content], { objectMode: false }) : content
  await pipeline(source, count, createWriteStream(file, { flags: 'wx', mode: 0o600, flush }))
  return { digest: hash.digest('hex'), bytes }
}
