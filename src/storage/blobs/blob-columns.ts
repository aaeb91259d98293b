import { type Kysely, sql } from 'kysely'
import type { Database } from '../sql/schema.ts'

/**
 * A column in which digests of blobs are kept. Every domain lists its own in `blob-columns.ts`: what no column names is
 * garbage and will be deleted, so a new place is listed with the migration that makes it.
 */
export interface BlobColumn {
  table: keyof Database
  column: string
  /** `folder`: the digest of a manifest, whose files stay with it; `document`: text with any number of digests in it */
  holds: 'blob' | 'folder' | 'document'
  /** the table's primary key */
  key: readonly string[]
  /** SQL that a row must fulfil to count; all rows when absent */
  where?: string
}

export interface FoundDigest {
  digest: string
  /** whether it may be the manifest of a folder */
  folder: boolean
}

const pageSize = 5000
const inText = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g

/** Digests of a column, in pages by primary key so that memory stays flat; `skip` leaves rows out by their key. */
export async function* columnDigests(
  db: Kysely<Database>,
  { table, column, holds, key, where }: BlobColumn,
  skip?: (key: readonly unknown[]) => boolean,
): AsyncGenerator<FoundDigest> {
  const keys = sql.join(key.map((name) => sql.ref(name)))
  let last: unknown[] | undefined
  for (;;) {
    const after = last ? sql`and (${keys}) > (${sql.join(last)})` : sql``
    const only = where === undefined ? sql`` : sql`and (${sql.raw(where)})`
    const { rows } = await sql<Record<string, unknown>>`
      select ${keys}, ${sql.ref(column)} as found from ${sql.table(table)}
      where ${sql.ref(column)} is not null ${only} ${after}
      order by ${keys} limit ${sql.lit(pageSize)}`.execute(db)
    for (const row of rows) {
      if (skip?.(key.map((name) => row[name]))) continue
      const text = String(row.found)
      if (holds === 'document') for (const [digest] of text.matchAll(inText)) yield { digest, folder: true }
      else yield { digest: text, folder: holds === 'folder' }
    }
    if (rows.length < pageSize) return
    const end = rows.at(-1)!
    last = key.map((name) => end[name])
  }
}
