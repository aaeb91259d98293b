import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { NeedsEngine } from './needs-engine.ts'

/** Bytes of a page beyond which its header is not believed. */
const LARGEST_PAGE = 1 << 30

/** Loaded with the first file that needs it. */
let snappy: ((input: Uint8Array, length: number) => Uint8Array) | undefined

/** Makes ready what the codecs of a file need. */
export async function prepareCodecs(codecs: ReadonlySet<string>): Promise<void> {
  if (codecs.has('SNAPPY')) snappy = (await import('hyparquet-compressors')).decompressSnappy
}

/** A page as it was before it was compressed. */
export function decompress(codec: string, input: Buffer, length: number): Buffer {
  if (codec === 'UNCOMPRESSED') return input
  if (length > LARGEST_PAGE) throw new NeedsEngine('a page is too large')
  const limits = { maxOutputLength: Math.max(1, length) }
  const page =
    codec === 'ZSTD'
      ? zstdDecompressSync(input, limits)
      : codec === 'GZIP'
        ? gunzipSync(input, limits)
        : codec === 'BROTLI'
          ? brotliDecompressSync(input, limits)
          : codec === 'SNAPPY'
            ? snappy?.(input, length)
            : undefined
  if (page?.length !== length) throw new NeedsEngine(`a page of codec ${codec} is damaged`)
  return Buffer.isBuffer(page) ? page : Buffer.from(page.buffer, page.byteOffset, page.byteLength)
}
