import { zstdDecompressSync } from 'node:zlib'

/** The rows of a chunk as arrays of cells; the first is the time of receipt, in milliseconds since 1970. */
export const readLines = (data: Uint8Array): unknown[][] =>
  zstdDecompressSync(data)
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown[])
