import type { Kysely } from 'kysely'
import { KedgeError } from '../../errors.ts'
import { toJson } from '../../storage/sql/json-column.ts'
import type { Database } from '../../storage/sql/schema.ts'
import type { Kind } from './micro-batches.ts'
import type { WrittenRows } from './row-writer.ts'
import type { Landing } from './thread-messages.ts'

/**
 * Makes rows durable: they, the place of the reader at its peer and the counts are one transaction, and only who holds
 * the stream may make it. So what is acknowledged is there, once, whoever died when. Errors: `conflict` when another
 * process has taken the stream.
 */
export async function land(
  db: Kysely<Database>,
  now: number,
  { project, name, holder }: { project: string; name: string; holder: string },
  landing: Landing,
): Promise<void> {
  const { rows, dead, repeated, columns, position, memory } = landing
  const bytes = (rows?.bytes ?? 0) + (dead?.bytes ?? 0)
  const row = await db
    .updateTable('streams')
    .set((set) => ({
      landed: set('landed', '+', rows?.rows ?? 0),
      dead: set('dead', '+', dead?.rows ?? 0),
      repeated: set('repeated', '+', repeated),
      buffered_bytes: set('buffered_bytes', '+', bytes),
      position: toJson(position),
      ...(columns ? { columns: toJson(columns) } : {}),
      ...(memory === undefined ? {} : { memory: toJson(memory) }),
      ...(rows ? { landed_at: now } : {}),
    }))
    .where('project', '=', project)
    .where('name', '=', name)
    .where('holder', '=', holder)
    .returning(['landed', 'dead'])
    .executeTakeFirst()
  if (!row) throw new KedgeError('conflict', { what: `The stream ${name} is read by another process` })
  await addChunk(db, now, project, name, 'rows', rows, row.landed)
  await addChunk(db, now, project, name, 'dead', dead, row.dead)
}

/** Adds rows that are durable but in no micro-batch yet; `end`: the sequence after the last of them. */
export async function addChunk(
  db: Kysely<Database>,
  now: number,
  project: string,
  source: string,
  kind: Kind,
  written: WrittenRows | undefined,
  end: number,
): Promise<void> {
  if (!written) return
  const { rows, bytes, data } = written
  await db
    .insertInto('stream_chunks')
    .values({ project, source, kind, first: end - rows, rows, bytes, data: Buffer.from(data), created_at: now })
    .execute()
}
