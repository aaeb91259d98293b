import { createReadStream } from 'node:fs'
import type { Transform } from 'node:stream'

const headSize = 2 ** 18

/** The first bytes of a file, unpacked; fewer where it is damaged. */
export async function headOf(path: string, unpacker: Transform | undefined, size = headSize): Promise<Buffer> {
  const packed = createReadStream(path, unpacker ? {} : { end: size - 1 })
  const stream = unpacker ? packed.pipe(unpacker) : packed
  packed.once('error', (error) => stream.destroy(error))
  const pieces: Buffer[] = []
  let bytes = 0
  try {
    for await (const piece of stream) {
      pieces.push(piece as Buffer)
      bytes += (piece as Buffer).length
      if (bytes >= size) break
    }
  } catch (error) {
    // a packed file that is damaged is refused by who reads it, with the place
    if (!unpacker) throw error
  } finally {
    packed.destroy()
  }
  return Buffer.concat(pieces).subarray(0, size)
}
