import type { Environment } from '../../environment.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { quoteName } from '../expression/sql-text.ts'
import { batchTable } from './batch-files.ts'
import { microBatches } from './micro-batches.ts'
import { readLines } from './read-lines.ts'
import type { StreamRow } from './stream-row.ts'

/** So many rows are asked for at once. */
const page = 200_000

/** The ids of the last `window` landed rows, oldest first: what a new reader must know so that none of them lands again. */
export async function* landedIds(
  { store, blobs }: Pick<Environment, 'store' | 'blobs'>,
  engine: EventsStore,
  { project, name, landed }: Pick<StreamRow, 'project' | 'name' | 'landed'>,
  columns: readonly string[],
  id: string,
  window: number,
): AsyncGenerator<string[]> {
  const column = columns.includes(id) ? id : `payload_${id}`
  const place = columns.indexOf(column)
  if (place < 0) return
  const from = Math.max(0, landed - window)
  const batches = await microBatches(store, project, name, 'rows')
  for (const { digest, first, rows } of batches) {
    const table = batchTable([await blobs.localPath(digest)], [column])
    for (let at = Math.max(first, from); at < first + rows; at += page) {
      const found = await engine.query<{ id: string | null }>(
        `SELECT s.${quoteName(column)} AS id FROM ${table} AS s WHERE s._sequence >= {at:Int64} AND s._sequence < {end:Int64} ORDER BY s._sequence`,
        { at, end: Math.min(at + page, first + rows) },
      )
      yield found.flatMap((row) => (row.id === null ? [] : [row.id]))
    }
  }
  const chunks = await store.read
    .selectFrom('stream_chunks')
    .select('id')
    .where('project', '=', project)
    .where('source', '=', name)
    .where('kind', '=', 'rows')
    .orderBy('first')
    .execute()
  for (const chunk of chunks) {
    const row = await store.read
      .selectFrom('stream_chunks')
      .select('data')
      .where('id', '=', chunk.id)
      .executeTakeFirst()
    if (row)
      yield readLines(row.data).flatMap((cells) => {
        const value = cells[place + 1]
        return value === null || value === undefined ? [] : [String(value)]
      })
  }
}
