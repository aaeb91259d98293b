import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { z } from 'zod'
import type { LocalFiles } from '../../contracts/source.ts'
import { unpackedLimit } from '../../contracts/unpacked-limit.ts'
import { KedgeError } from '../../errors.ts'

/** How a text file is packed. */
export const compression = z
  .enum(['none', 'gzip', 'zstd', 'xz'])
  .optional()
  .meta({ description: 'when the ending of the name (.gz, .zst, .xz) does not say it' })

const unpackers: Record<string, () => Transform> = { gzip: createGunzip, zstd: createZstdDecompress }
const endings: [RegExp, string][] = [
  [/\.gz$/, 'gzip'],
  [/\.zst$/, 'zstd'],
]
/** What unpacks a file as its name or the declaration says; undefined for one that is not packed. Errors: `unsupported`. */
export function unpackerOf(path: string, declared: z.infer<typeof compression>): Transform | undefined {
  const method = declared ?? endings.find(([ending]) => ending.test(path))?.[1]
  if (method === undefined || method === 'none') return undefined
  return unpackers[method]?.()
}

/** Files that were found harmless: path, size and time of the last change. */
const harmless = new Set<string>()
const mostKnown = 200_000

/** A line of more bytes than this is none. */
const longestLine = 64 * 2 ** 20

/**
 * The engine's name of the compression of text files, of which none unpacks to far more than it should or has a line
 * without an end: the engine has no limits of its own for that. Errors: `source_unreadable`.
 */
export async function checkedCompression(files: LocalFiles, declared: z.infer<typeof compression>): Promise<string> {
  for (const path of files.pattern?.files ?? [files.path]) await check(path, unpackerOf(path, declared))
  return declared ?? 'auto'
}

async function check(path: string, unpacker: Transform | undefined): Promise<void> {
  const { size, mtimeMs } = await stat(path)
  if (!unpacker && size <= longestLine) return
  const key = `${path} ${size} ${mtimeMs}`
  if (harmless.has(key)) return
  const refuse = (what: string) => {
    throw new KedgeError('source_unreadable', { source: '', what: `${path} ${what}` })
  }
  const limit = unpackedLimit(size)
  const packed = createReadStream(path, { highWaterMark: 2 ** 20 })
  const stream = unpacker ? packed.pipe(unpacker) : packed
  packed.once('error', (error) => stream.destroy(error))
  let [bytes, lineStart] = [0, 0]
  try {
    for await (const piece of stream) {
      const last = (piece as Buffer).lastIndexOf(10)
      if (last !== -1) lineStart = bytes + last + 1
      bytes += (piece as Buffer).length
      if (unpacker && bytes > limit) refuse(`has ${size} bytes and unpacks to more than ${limit}`)
      if (bytes - lineStart > longestLine)
        refuse(`has a line of more than ${longestLine} bytes, which begins at byte ${lineStart}`)
    }
  } catch (error) {
    // what is broken the engine refuses, with the place
    if (error instanceof KedgeError) throw error
  } finally {
    packed.destroy()
  }
  if (harmless.size > mostKnown) harmless.clear()
  harmless.add(key)
}
