import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ParquetTable } from './reference.ts'

/** Parquet blobs as tables of an embedded events engine, which reads the same disk. Errors: `unsupported` on a server. */
export function createParquetTable({ events, blobs }: Pick<Environment, 'events' | 'blobs'>): ParquetTable {
  return async (digest) => {
    if (events.kind !== 'embedded')
      throw new KedgeError('unsupported', { what: 'Reading a local file from a ClickHouse server' })
    return { sql: "file({path:String}, 'Parquet')", params: { path: await blobs.localPath(digest) } }
  }
}
