import { createHash } from 'node:crypto'
import { type Readable, Transform } from 'node:stream'
import { KedgeError } from '../../errors.ts'

/**
 * The same bytes; fails with `blob_corrupt` when they do not match the digest, before the last of them: whoever counts them
 * does not take them for whole.
 */
export function verified(stream: Readable, digest: string): Readable {
  const hash = createHash('sha256')
  let held: Buffer | undefined
  const check = new Transform({
    transform(piece: Buffer, _, done) {
      hash.update(piece)
      const ready = held
      held = piece
      if (ready) done(null, ready)
      else done()
    },
    flush(done) {
      if (hash.digest('hex') !== digest) done(new KedgeError('blob_corrupt', { digest }))
      else if (held) done(null, held)
      else done()
    },
  })
  stream.once('error', (error) => check.destroy(error))
  check.once('close', () => stream.destroy())
  return stream.pipe(check)
}
