import { createHash } from 'node:crypto'
import { type Readable, Transform } from 'node:stream'
import { KedgeError } from '../../errors.ts'

/** The same bytes; fails with `blob_corrupt` at the end when they do not match the digest. */
export function verified(stream: Readable, digest: string): Readable {
  const hash = createHash('sha256')
  const check = new Transform({
    transform(piece: Buffer, _, done) {
      hash.update(piece)
      done(null, piece)
    },
    flush(done) {
      done(hash.digest('hex') === digest ? null : new KedgeError('blob_corrupt', { digest }))
    },
  })
  stream.once('error', (error) => check.destroy(error))
  check.once('close', () => stream.destroy())
  return stream.pipe(check)
}
