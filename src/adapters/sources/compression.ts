import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { z } from 'zod'
import type { LocalFiles } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'

/** How a text file is packed. */
export const compression = z
  .enum(['none', 'gzip', 'zstd', 'xz'])
  .optional()
  .meta({ description: 'when the ending of the name (.gz, .zst, .xz) does not say it' })

/** A file that becomes more than so many times larger, and more than so many bytes, is made to do harm. */
const mostTimes = 200
const freeBytes = 256 * 2 ** 20

const unpackers: Record<string, () => Transform> = { gzip: createGunzip, zstd: createZstdDecompress }
const endings: [RegExp, string][] = [
  [/\.gz$/, 'gzip'],
  [/\.zst$/, 'zstd'],
]
/** Files that were found harmless: path, size and time of the last change. */
const harmless = new Set<string>()
const mostKnown = 200_000

/**
 * The engine's name of the compression of files, of which none unpacks to far more than it should: the engine has no
 * limit of its own for that. Errors: `source_unreadable`.
 */
export async function checkedCompression(files: LocalFiles, declared: z.infer<typeof compression>): Promise<string> {
  for (const path of files.pattern?.files ?? [files.path]) {
    const method = declared ?? endings.find(([ending]) => ending.test(path))?.[1]
    const unpacker = method === undefined ? undefined : unpackers[method]
    if (unpacker) await refuseBomb(path, unpacker)
  }
  return declared ?? 'auto'
}

async function refuseBomb(path: string, unpacker: () => Transform): Promise<void> {
  const { size, mtimeMs } = await stat(path)
  const key = `${path} ${size} ${mtimeMs}`
  if (harmless.has(key)) return
  const limit = Math.max(freeBytes, size * mostTimes)
  let bytes = 0
  const packed = createReadStream(path)
  const unpacked = packed.pipe(unpacker())
  packed.once('error', (error) => unpacked.destroy(error))
  try {
    for await (const piece of unpacked) {
      bytes += (piece as Buffer).length
      if (bytes > limit) break
    }
  } catch {
    // what is broken the engine refuses, with the place
  } finally {
    packed.destroy()
  }
  if (bytes > limit)
    throw new KedgeError('source_unreadable', {
      source: '',
      what: `${path} has ${size} bytes and unpacks to more than ${limit}`,
    })
  if (harmless.size > mostKnown) harmless.clear()
  harmless.add(key)
}
