import { createHash, type Hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FilePlace } from '../../contracts/file-place.ts'
import { KedgeError } from '../../errors.ts'
import { networkError } from './guarded-requests.ts'
import { persistent, usualPauses } from './persistence.ts'

export interface FetchedFile {
  bytes: number
  /** SHA-256, hex */
  digest: string
  version: string | null
}

export interface FetchOptions {
  /** the file that is written */
  to: string
  /** how errors name the file */
  shown: string
  /** a version that need not be fetched again */
  known?: string | undefined
  /** bytes of one file */
  limit: number
  pauses?: readonly number[]
  signal?: AbortSignal | undefined
}

/**
 * Writes a file of a place; what broke off goes on where it did, as long as the file there is the same. Undefined when it
 * is still of the known version. Errors: `too_large`, those of the place.
 */
export async function fetchFile(
  place: FilePlace,
  key: string,
  { to, shown, known, limit, pauses = usualPauses, signal }: FetchOptions,
): Promise<FetchedFile | undefined> {
  let hash: Hash = createHash('sha256')
  let bytes = 0
  let version: string | null = null

  const attempt = async (): Promise<FetchedFile | undefined> => {
    const resumed = bytes > 0 && version !== null
    const found = await place.read(key, resumed ? { start: bytes, version: version! } : { known })
    if (!found) return undefined
    // what breaks before the first byte is read is told when it is read
    found.body.on('error', () => {})
    const goesOn = resumed && found.start === bytes && found.version === version
    if (!goesOn) {
      if (found.start > 0) {
        // another file is there by now, and this is its end only
        found.body.destroy()
        version = null
        return attempt()
      }
      hash = createHash('sha256')
      bytes = 0
    }
    version = found.version
    try {
      const file = await open(to, bytes > 0 ? 'r+' : 'w')
      try {
        // what counts as fetched is written: a broken read goes on exactly there
        for await (const piece of found.body) {
          signal?.throwIfAborted()
          await file.write(piece as Buffer, 0, (piece as Buffer).length, bytes)
          hash.update(piece as Buffer)
          bytes += (piece as Buffer).length
          if (bytes > limit) throw new KedgeError('too_large', { what: `The file ${shown}`, limit: `${limit} bytes` })
        }
      } finally {
        await file.close()
      }
    } catch (error) {
      throw networkError(shown, error, signal)
    }
    if (found.size !== null && found.size !== bytes) {
      const what = `the connection ended after ${bytes} of ${found.size} bytes`
      // more than there should be is no beginning to go on from
      if (bytes > found.size) version = null
      throw new KedgeError('source_unreachable', { source: shown, what })
    }
    return { bytes, digest: hash.digest('hex'), version }
  }
  return persistent(attempt, pauses, signal)
}
