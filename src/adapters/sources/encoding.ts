import { createReadStream, createWriteStream } from 'node:fs'
import { join, relative } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import type { LocalFiles, SourceEnvironment } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { checkedCompression, type compression, unpackerOf } from './compression.ts'
import { headOf } from './file-head.ts'
import { linkFiles } from './link-files.ts'

const isKnown = (name: string) => {
  try {
    new TextDecoder(name)
    return true
  } catch {
    return false
  }
}

export const encoding = z
  .string()
  .min(1)
  .max(40)
  .refine(isKnown, 'is no encoding, as utf-8, utf-16le, windows-1252, iso-8859-2 or shift_jis')
  .optional()
  .meta({ description: 'of the characters; found by looking when absent' })

export interface TextFiles {
  files: LocalFiles
  /** the engine's name of the compression */
  method: string
  /** encoding that was found, where it is not declared and not UTF-8 */
  found?: string
  /** the first bytes of the first file, as text */
  head: string
}

interface Declared {
  encoding: string | undefined
  compression: z.infer<typeof compression>
}

/** Text files as the events engine takes them: in UTF-8. Others are written anew once. Errors: `source_unreadable` names the byte. */
export async function textFiles(
  files: LocalFiles,
  { encoding, compression }: Declared,
  environment: SourceEnvironment,
  signal?: AbortSignal,
): Promise<TextFiles> {
  const method = await checkedCompression(files, compression)
  const [first] = files.pattern?.files ?? [files.path]
  const bytes = await headOf(first!, unpackerOf(first!, compression))
  const seen = encoding ?? likelyEncoding(bytes)
  const label = new TextDecoder(seen).encoding
  const head = new TextDecoder(label).decode(bytes, { stream: true })
  if (label === 'utf-8') return { files, method, head }
  const found = encoding === undefined ? { found: label } : {}
  const rewrite = (from: string, digest: string) =>
    environment.derived(['utf-8', 1, digest, label, compression ?? ''], (made) =>
      decodeFile(from, join(made, 'text'), label, compression, signal),
    )
  if (!files.pattern) {
    const path = join(await rewrite(files.path, await files.digest()), 'text')
    return { files: { path, digest: files.digest }, method: 'none', head, ...found }
  }
  const { folder, files: paths, digestOf } = files.pattern
  const texts: { name: string; from: string }[] = []
  for (const path of paths)
    texts.push({ name: relative(folder, path), from: join(await rewrite(path, await digestOf(path)), 'text') })
  const whole = await environment.derived(
    ['utf-8', 'many', 1, await files.digest(), label, compression ?? ''],
    (made) => linkFiles(made, texts),
  )
  const pattern = {
    ...files.pattern,
    folder: whole,
    files: texts.map(({ name }) => join(whole, name)),
    digestOf: (path: string) => digestOf(join(folder, relative(whole, path))),
  }
  return { files: { ...files, path: join(whole, '**'), pattern }, method: 'none', head, ...found }
}

async function decodeFile(
  from: string,
  to: string,
  label: string,
  compression: Declared['compression'],
  signal: AbortSignal | undefined,
) {
  const decoder = new TextDecoder(label, { fatal: true })
  const unpacker = unpackerOf(from, compression)
  let read = 0
  const decoded = new Transform({
    transform(piece: Buffer, _, done) {
      try {
        const text = decoder.decode(piece, { stream: true })
        read += piece.length
        done(null, text)
      } catch (error) {
        done(
          refused(
            `between byte ${read} and ${read + piece.length} of ${from} there are bytes that are no ${label}`,
            error,
          ),
        )
      }
    },
    flush(done) {
      try {
        done(null, decoder.decode())
      } catch (error) {
        done(refused(`${from} ends in the middle of a character of ${label}`, error))
      }
    },
  })
  const options = signal ? { signal } : {}
  try {
    const [input, output] = [createReadStream(from), createWriteStream(to)]
    if (unpacker) await pipeline(input, unpacker, decoded, output, options)
    else await pipeline(input, decoded, output, options)
  } catch (error) {
    if (error instanceof KedgeError || signal?.aborted || (error as { code?: string }).code === 'ENOSPC') throw error
    throw refused(`${from} cannot be unpacked: ${(error as Error).message}`, error)
  }
}

const refused = (what: string, cause: unknown) => new KedgeError('source_unreadable', { source: '', what }, { cause })

/** Of so many lines as have bytes that are no UTF-8 the text is in another encoding; fewer are damaged lines. */
const tooMany = 0.05

/** The encoding that a text begins in: what its mark says, or what its bytes look like. */
function likelyEncoding(bytes: Uint8Array): string {
  const [a, b, c] = bytes
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if (a === 0xff && b === 0xfe) return 'utf-16le'
  if (a === 0xfe && b === 0xff) return 'utf-16be'
  const zeros = [0, 0]
  const some = Math.min(bytes.length, 2000) & ~1
  for (let i = 0; i < some; i++) if (bytes[i] === 0) zeros[i % 2]!++
  if (zeros[1]! > some / 5 && zeros[0]! < some / 50) return 'utf-16le'
  if (zeros[0]! > some / 5 && zeros[1]! < some / 50) return 'utf-16be'
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let [lines, wrong] = [0, 0]
  for (let at = 0; at < bytes.length; lines++) {
    const found = bytes.indexOf(10, at)
    // the last line is cut off, maybe within a character
    if (found === -1 && lines > 0) break
    const end = found === -1 ? bytes.length : found
    const line = bytes.subarray(at, end)
    if (line.some((byte) => byte > 127))
      try {
        decoder.decode(line)
      } catch {
        wrong++
      }
    at = end + 1
  }
  return wrong > 2 && wrong > lines * tooMany ? 'windows-1252' : 'utf-8'
}
