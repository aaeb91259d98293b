import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

/** Up to so many bytes a file is read at once, which takes a fifth of the time of a stream. */
const small = 2 ** 18

/** SHA-256 (hex) of a file's bytes; `size` when it is known, in bytes. */
export async function fileDigest(path: string, size?: number): Promise<string> {
  const hash = createHash('sha256')
  if (size !== undefined && size <= small) hash.update(await readFile(path))
  else await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
