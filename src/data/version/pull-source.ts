import { join } from 'node:path'
import type { BlobStore } from '../../contracts/blob-store.ts'
import type { SourceTable } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { columnType } from '../curation/engine-column.ts'
import { windowCondition } from '../curation/read-layer.ts'
import { quoteName, quoteText } from '../expression/sql-text.ts'
import { fileDigest } from '../source/file-digest.ts'
import { landed } from '../source/landed.ts'
import type { OpenedSource } from '../source/open-source.ts'
import { stage, staged } from '../source/stage.ts'
import type { Batch } from './dataset-version.ts'
import { bareType, valueBefore, withoutKnown } from './new-rows.ts'

export interface PullInput {
  engine: EventsStore
  blobs: BlobStore
  /** for files of this run */
  folder: string
  source: OpenedSource
  time: string | undefined
  window: { from: number; to: number } | undefined
  signal?: AbortSignal | undefined
}

export interface Pulled {
  /** can be read as often as needed */
  table: SourceTable & { rowNumber: string }
  /** names what the rows are a function of */
  state: string
  batches: Batch[]
}

/** More pulled batches than this are written together as one. */
const mostBatches = 24

/** Rows as they are where they can be read again, else a copy of them; the window is pushed down to the source. */
export async function pullAll(
  { engine, folder, source, time, window, signal }: PullInput,
  knownState: string | undefined,
): Promise<Pulled> {
  const table = await landed(source.table, folder, { signal })
  if (table.stable && table.rowNumber !== undefined && knownState !== undefined)
    return { table: { ...table, rowNumber: table.rowNumber }, state: knownState, batches: [] }
  const timeColumn = table.columns.find(({ name }) => name === time)
  const isTime = timeColumn && ['time', 'date'].includes(columnType(timeColumn.type))
  const where = isTime && window ? windowCondition(`s.${quoteName(timeColumn.name)}`, window) : undefined
  const file = join(folder, 'source.parquet')
  await stage(engine, table, file, { where, signal })
  const state = knownState ?? (await fileDigest(file))
  return { table: await staged(engine, table, [file]), state, batches: [] }
}

/**
 * What earlier versions have pulled, and the rows that came since by the source's incremental column; every pulled batch
 * is a blob, so that a version can be made again. Errors: `invalid_input` when the source has no such column.
 */
export async function pullNew(input: PullInput, before: readonly Batch[]): Promise<Pulled> {
  const { engine, blobs, folder, source, signal } = input
  const { table: opened } = source
  const column = opened.columns.find(({ name }) => name === opened.incremental)
  if (!column)
    throw new KedgeError('invalid_input', {
      what: `The source ${source.name} ${opened.incremental ? `has no column ${opened.incremental}` : 'names no incremental column'}, which mode: incremental needs`,
    })
  const batches = before.filter((batch) => batch.source === source.name)
  const last = batches.at(-1)?.cursor
  const sql = `s.${quoteName(column.name)}`
  const bound = (text: string) => `CAST(${quoteText(text)}, ${quoteText(bareType(column.type))})`
  const file = join(folder, 'batch.parquet')
  const offset = batches.reduce((sum, batch) => sum + batch.rows, 0)
  const local = () => Promise.all(batches.map((batch) => blobs.localPath(batch.digest)))
  const from = last === undefined ? undefined : await valueBefore(engine, source.name, column, last, opened.lag ?? 0)
  const table = await landed(opened, join(folder, 'landed'), { from, signal })
  if (from === undefined) await stage(engine, table, file, { where: `${sql} IS NOT NULL`, signal })
  else if (table.strictly) await stage(engine, table, file, { where: `${sql} > ${bound(from)}`, offset, signal })
  else {
    const again = join(folder, 'again.parquet')
    await stage(engine, table, again, { where: `${sql} >= ${bound(from)}`, signal })
    const paths = await local()
    const known = batches.map(({ cursor }, i) => ({ path: paths[i]!, cursor }))
    await withoutKnown({ engine, table, column, from, batches: known }, again, file, offset)
  }
  const newest = `max(b.${quoteName(column.name)})`
  const [found] = await engine.query<{ __n: number; __cursor: string }>(
    `SELECT count() AS __n, toString(${last === undefined ? newest : `greatest(${newest}, ${bound(last)})`}) AS __cursor FROM file({file:String}, Parquet) AS b`,
    { file },
  )
  const rows = Number(found?.__n ?? 0)
  const add = async (path: string, batch: Pick<Batch, 'rows' | 'cursor'>) =>
    batches.push({ source: source.name, digest: (await blobs.putFile(path, { move: true })).digest, ...batch })
  if (rows > 0) await add(file, { rows, cursor: found!.__cursor })
  if (rows > 0 && batches.length > mostBatches) {
    const whole = join(folder, 'batches.parquet')
    await stage(engine, await staged(engine, table, await local()), whole, { signal })
    const all = { rows: offset + rows, cursor: found!.__cursor }
    batches.length = 0
    await add(whole, all)
  }
  if (batches.length === 0)
    throw new KedgeError(
      'conflict',
      { what: `The source ${source.name} has no rows yet` },
      { todo: 'Try again when it has some.' },
    )
  return {
    table: await staged(engine, table, await local()),
    state: `cursor:${batches.at(-1)!.cursor}:${batches.map(({ digest }) => digest.slice(0, 16)).join('.')}`,
    batches,
  }
}
