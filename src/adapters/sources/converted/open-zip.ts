import { type Readable, Transform } from 'node:stream'
import yauzl from 'yauzl'
import { unpackedLimit } from '../../../contracts/unpacked-limit.ts'
import { KedgeError } from '../../../errors.ts'

export interface OpenZip {
  has(name: string): boolean
  /** Bytes of a part. Errors: `source_unreadable` when it is not there, damaged, or unpacks to far more than it should. */
  read(name: string): Promise<Readable>
  close(): void
}

const unreadable = (what: string, cause?: unknown) =>
  new KedgeError('source_unreadable', { source: '', what }, { cause })

/** Opens a file that is a ZIP of parts, such as a workbook. Errors: `source_unreadable`. */
export async function openZip(path: string, what: string): Promise<OpenZip> {
  const zip = await yauzl.openPromise(path, { autoClose: false }).catch((error) => {
    throw unreadable(`it is no ${what}: ${error.message}`, error)
  })
  const parts = new Map<string, yauzl.Entry>()
  try {
    for await (const entry of zip.eachEntry()) parts.set(entry.fileName, entry)
  } catch (error) {
    zip.close()
    throw unreadable(`the ${what} is damaged: ${(error as Error).message}`, error)
  }
  const limit = unpackedLimit(zip.fileSize)
  let left = limit
  return {
    has: (name) => parts.has(name),
    async read(name) {
      const entry = parts.get(name)
      if (!entry) throw unreadable(`the ${what} has no part ${name}`)
      if (entry.isEncrypted()) throw unreadable(`the ${what} is encrypted`)
      const watched = new Transform({
        transform(piece: Buffer, _, done) {
          left -= piece.length
          done(
            left < 0 ? unreadable(`the ${what} has ${zip.fileSize} bytes and unpacks to more than ${limit}`) : null,
            piece,
          )
        },
      })
      const damaged = (error: Error) =>
        unreadable(`the part ${name} of the ${what} is damaged: ${error.message}`, error)
      const packed = await zip.openReadStreamPromise(entry).catch((error) => {
        throw damaged(error)
      })
      packed.on('error', (error) => watched.destroy(damaged(error)))
      return packed.pipe(watched)
    },
    close: () => zip.close(),
  }
}
