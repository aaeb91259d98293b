import type { Environment } from '../environment.ts'
import type { Instance } from '../serving/explain/explanation.ts'
import { type ParquetTable, RESERVED } from './reference.ts'
import type { EndpointKey } from './stale.ts'

export interface ReferenceRows {
  instances: Instance[]
  /** truths as numbers; null where missing */
  truths: (number | null)[]
}

/**
 * Rows drawn from a reference, always the same ones; `heldOut` leaves out what the model learnt from where the reference
 * says so.
 */
export async function drawReference(
  events: Environment['events'],
  table: ParquetTable,
  digest: string,
  most: number,
  { heldOut = false } = {},
): Promise<ReferenceRows> {
  const { sql, params } = await table(digest)
  const described = await events.query<{ name: string }>(`DESCRIBE TABLE ${sql}`, params)
  const split = heldOut && described.some(({ name }) => name === 'split')
  const rows = await events.query<Record<string, unknown>>(
    `SELECT * FROM (SELECT t.*, rowNumberInAllBlocks() AS kedge_row FROM ${sql} AS t) WHERE 1${split ? " AND split = 'holdout'" : ''}
     ORDER BY sipHash64(kedge_row) LIMIT {most:UInt32}`,
    { ...params, most },
  )
  return {
    instances: rows.map((row) =>
      Object.fromEntries(
        Object.entries(row)
          .filter(([name]) => !RESERVED.has(name) && name !== 'kedge_row')
          .map(([name, value]) => [name, typeof value === 'number' || typeof value === 'string' ? value : null]),
      ),
    ),
    truths: rows.map(({ label }) =>
      typeof label === 'boolean' ? Number(label) : typeof label === 'number' ? label : null,
    ),
  }
}

export interface RecordedRow {
  id: string
  /** milliseconds since 1970 */
  time: number
  score: number | null
  features: Record<string, number | string>
}

interface Stored {
  id: string
  time: number
  score: number | null
  numbers: Record<string, number>
  texts: Record<string, string>
}

/** Recorded rows of a revision in a stretch: those named, or a sample that is the same whenever the same rows are there. */
export async function readRecorded(
  events: Environment['events'],
  { project, endpoint }: EndpointKey,
  { from, to, revision }: { from: number; to: number; revision: number },
  which: { most: number } | { ids: readonly string[] },
): Promise<RecordedRow[]> {
  const where = `project = {project:String} AND endpoint = {endpoint:String} AND revision = {revision:UInt32}
    AND p.time >= toDateTime64({from:Int64} / 1000, 3, 'UTC') AND p.time < toDateTime64({to:Int64} / 1000, 3, 'UTC')`
  const params = { project, endpoint, from, to, revision }
  const ids =
    'ids' in which
      ? which.ids
      : (
          await events.query<{ id: string }>(
            `SELECT id FROM predictions AS p WHERE ${where} GROUP BY id ORDER BY sipHash64(id), id LIMIT {most:UInt32}`,
            { ...params, most: which.most },
          )
        ).map(({ id }) => id)
  if (ids.length === 0) return []
  const rows = await events.query<Stored>(
    `SELECT id, toUnixTimestamp64Milli(p.time) AS time, score, numbers, texts FROM predictions AS p FINAL
     WHERE ${where} AND id IN {ids:Array(String)} ORDER BY sipHash64(id), id`,
    { ...params, ids },
  )
  return rows.map(({ numbers, texts, ...row }) => ({ ...row, features: { ...numbers, ...texts } }))
}

/** A recorded row as a model takes it: what stands not on record is missing. */
export const instanceOf = ({ features }: Pick<RecordedRow, 'features'>, names: readonly string[]): Instance =>
  Object.fromEntries(names.map((name) => [name, features[name] ?? null]))
