import type { Environment } from '../../environment.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { batchTable, deadColumns } from './batch-files.ts'
import { microBatches } from './micro-batches.ts'
import { readLines } from './read-lines.ts'

/** A message that could not be landed, as it came. */
export interface DeadLetter {
  sequence: number
  /** milliseconds since 1970 */
  receivedAt: number
  /** topic, `topic/partition/offset`, or row of a push */
  place: string
  topic: string
  reason: string
  /** what was known without its payload */
  columns: Record<string, unknown>
  /** the original bytes, base64 */
  payload: string
}

/** Dead letters by falling sequence, from those before `end` on. */
export async function readDeadLetters(
  { store, blobs }: Pick<Environment, 'store' | 'blobs'>,
  engine: EventsStore,
  project: string,
  source: string,
  { end, limit }: { end: number; limit: number },
): Promise<DeadLetter[]> {
  const from = Math.max(0, end - limit)
  const letters = new Map<number, DeadLetter>()
  const keep = (sequence: number, cells: readonly unknown[]) => {
    const [receivedAt, place, topic, reason, columns, payload] = cells as [
      number,
      string,
      string,
      string,
      string,
      string,
    ]
    letters.set(sequence, {
      sequence,
      receivedAt,
      place: place ?? '',
      topic: topic ?? '',
      reason: reason ?? '',
      columns: JSON.parse(columns ?? '{}') as Record<string, unknown>,
      payload: payload ?? '',
    })
  }
  // chunks first: one that is folded in between is found in its batch
  const chunks = await store.read
    .selectFrom('stream_chunks')
    .select(['first', 'rows', 'data'])
    .where('project', '=', project)
    .where('source', '=', source)
    .where('kind', '=', 'dead')
    .where('first', '<', end)
    .orderBy('first', 'desc')
    .limit(limit)
    .execute()
  for (const { first, rows, data } of chunks) {
    if (first + rows <= from) break
    for (const [i, cells] of readLines(data).entries()) if (first + i >= from && first + i < end) keep(first + i, cells)
  }
  const batches = await microBatches(store, project, source, 'dead')
  const files = batches.filter(({ first, rows }) => first < end && first + rows > from)
  if (files.length > 0) {
    const table = batchTable(await Promise.all(files.map(({ digest }) => blobs.localPath(digest))), deadColumns)
    const found = await engine.query<Record<string, unknown>>(
      `SELECT s._sequence AS n, toUnixTimestamp64Milli(s._received_at) AS t, ${deadColumns.map((name, i) => `s.${name} AS c${i}`).join(', ')} FROM ${table} AS s WHERE s._sequence >= {from:Int64} AND s._sequence < {end:Int64}`,
      { from, end },
    )
    for (const row of found) keep(Number(row.n), [Number(row.t), ...deadColumns.map((_, i) => row[`c${i}`])])
  }
  return [...letters.values()].sort((a, b) => b.sequence - a.sequence)
}
