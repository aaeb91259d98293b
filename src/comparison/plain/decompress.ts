import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { snappyUncompress } from 'hyparquet/src/snappy.js'
import { NeedsEngine } from './needs-engine.ts'

/** Bytes of a page beyond which its header is not believed. */
const LARGEST_PAGE = 1 << 30

/** A page as it was before it was compressed. */
export function decompress(codec: string, input: Buffer, length: number): Buffer {
  if (codec === 'UNCOMPRESSED') return input
  if (length > LARGEST_PAGE) throw new NeedsEngine('a page is too large')
  const page = expand(codec, input, length)
  if (page?.length !== length)
    throw new NeedsEngine(`a page of codec ${codec} is damaged, or of a codec that is not known here`)
  return page
}

function expand(codec: string, input: Buffer, length: number): Buffer | undefined {
  const limits = { maxOutputLength: Math.max(1, length) }
  if (codec === 'ZSTD') return zstdDecompressSync(input, limits)
  if (codec === 'GZIP') return gunzipSync(input, limits)
  if (codec === 'BROTLI') return brotliDecompressSync(input, limits)
  if (codec !== 'SNAPPY') return undefined
  const page = Buffer.allocUnsafeSlow(length)
  snappyUncompress(input, page)
  return page
}
