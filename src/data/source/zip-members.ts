import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { unpackedLimit } from '../../contracts/unpacked-limit.ts'
import { KedgeError } from '../../errors.ts'
import { isHostileName } from './file-tree.ts'
import { mostFiles } from './list-files.ts'

const broken = (path: string, what: string, cause?: unknown) =>
  new KedgeError('source_unreadable', { source: '', what: `the ZIP file ${path} ${what}` }, { cause })

/** Writes the members of a ZIP file for whose names `wanted` holds below `folder`; how many they are. Errors: `source_unreadable`, `too_large`. */
export async function unpackMembers(
  path: string,
  folder: string,
  wanted: (name: string) => boolean,
  signal?: AbortSignal,
): Promise<number> {
  // with the first ZIP file: a server without one need not load it
  const { default: yauzl } = await import('yauzl')
  const zip = await yauzl.openPromise(path, { autoClose: false, validateEntrySizes: true }).catch((error) => {
    throw broken(path, `cannot be opened: ${error.message}`, error)
  })
  const limit = unpackedLimit(zip.fileSize)
  let left = limit
  const made = new Set<string>()
  try {
    const entries = zip.eachEntry()
    for (;;) {
      signal?.throwIfAborted()
      const next = await entries.next().catch((error) => {
        throw broken(path, `is damaged: ${error.message}`, error)
      })
      if (next.done) break
      const entry = next.value
      const name = entry.fileName
      if (name.endsWith('/') || !wanted(name)) continue
      if (isHostileName(name)) throw broken(path, `has a member of the name ${JSON.stringify(name.slice(0, 200))}`)
      if (entry.isEncrypted()) throw broken(path, `has the encrypted member ${name}`)
      if (made.has(name)) throw broken(path, `has two members of the name ${name}`)
      made.add(name)
      if (made.size > mostFiles)
        throw new KedgeError('too_large', { what: `The ZIP file ${path}`, limit: `${mostFiles} members` })
      const to = join(folder, name)
      await mkdir(dirname(to), { recursive: true })
      let sum = 0
      const watched = new Transform({
        transform(piece: Buffer, _, done) {
          sum = crc32(piece, sum)
          left -= piece.length
          done(left < 0 ? broken(path, `has ${zip.fileSize} bytes and unpacks to more than ${limit}`) : null, piece)
        },
      })
      try {
        await pipeline(
          await zip.openReadStreamPromise(entry),
          watched,
          createWriteStream(to),
          ...(signal ? [{ signal }] : []),
        )
      } catch (error) {
        if (error instanceof KedgeError || signal?.aborted || (error as { code?: string }).code === 'ENOSPC')
          throw error
        throw broken(path, `has the damaged member ${name}: ${(error as Error).message}`, error)
      }
      if (sum !== entry.crc32)
        throw broken(path, `has the damaged member ${name}: its checksum is not that of its bytes`)
    }
  } finally {
    zip.close()
  }
  return made.size
}
