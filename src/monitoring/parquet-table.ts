import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ParquetTable } from './reference.ts'

/** How a ClickHouse server reaches the bucket that holds the blobs. */
export interface BucketAccess {
  /** address of a blob by its digest */
  url(digest: string): string
  accessKeyId: string
  secretAccessKey: string
}

/**
 * Parquet blobs as tables of the events engine: an embedded engine reads the same disk, a server reads the bucket.
 * Errors: `unsupported` when the engine is a server and the blobs are in a folder of this machine.
 */
export function createParquetTable(
  { events, blobs }: Pick<Environment, 'events' | 'blobs'>,
  bucket?: BucketAccess,
): ParquetTable {
  return async (digest) => {
    if (events.kind === 'embedded')
      return { sql: "file({path:String}, 'Parquet')", params: { path: await blobs.localPath(digest) } }
    if (!bucket)
      throw new KedgeError(
        'unsupported',
        { what: 'A ClickHouse server with blobs in a folder that it cannot read' },
        { todo: 'Keep the blobs in a bucket that both reach (--blobs s3://…).' },
      )
    return {
      sql: "s3({url:String}, {key:String}, {secret:String}, 'Parquet')",
      params: { url: bucket.url(digest), key: bucket.accessKeyId, secret: bucket.secretAccessKey },
    }
  }
}
