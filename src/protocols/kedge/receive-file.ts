import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { KedgeError } from '../../errors.ts'
import type { LocalFile } from '../../monitoring/log-files.ts'

/** Forms in which many rows come at once, by their content type. */
export const tableTypes: Record<string, LocalFile['format']> = {
  'application/vnd.apache.parquet': 'parquet',
  'application/x-parquet': 'parquet',
  'application/vnd.apache.arrow.stream': 'arrow',
  'application/x-ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
  'text/csv': 'csv',
}

const largest = 4 * 2 ** 30

/** Keeps the rows of a request in a file as long as `work` lasts. Errors: `too_large` beyond 4 GiB. */
export async function withReceivedFile<T>(
  folder: string,
  { body, contentType }: { body: Readable; contentType: string },
  work: (file: LocalFile) => Promise<T>,
): Promise<T> {
  const path = join(folder, randomUUID())
  const hash = createHash('sha256')
  let bytes = 0
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      hash.update(chunk)
      done(bytes > largest ? new KedgeError('too_large', { what: 'The file', limit: '4 GiB' }) : null, chunk)
    },
  })
  await mkdir(folder, { recursive: true })
  try {
    await pipeline(body, measured, createWriteStream(path))
    return await work({ path, digest: hash.digest('hex'), format: tableTypes[contentType]! })
  } finally {
    await rm(path, { force: true })
  }
}

/** Whether a body came as a stream of rows. */
export const isStream = (body: unknown): body is Readable => body instanceof Readable
