import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { StreamSettings } from '../../contracts/stream-source.ts'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { Change } from '../../journal/journal.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { fromJson } from '../../storage/sql/json-column.ts'
import { runFolder } from '../version/run-folder.ts'
import { deadColumns, mergeBatches, writeBatch } from './batch-files.ts'
import { type Kind, microBatches } from './micro-batches.ts'

export interface FoldDeps {
  environment: Environment
  engine: EventsStore
  project: string
  name: string
  holder: string
  land: StreamSettings['land']
  /** called in the transaction that adds a micro-batch of rows */
  landed(change: Change): Promise<void>
}

/** So many files are written together as one, which counts as a file of the next level. */
const fanIn = 8
/** Files that are larger stay as they are. */
const largeFile = 256 * 2 ** 20
/** So many chunks are read at once. */
const page = 64
/** and so many are one micro-batch at most */
const mostChunks = 20_000

/**
 * Writes what is durable but in no micro-batch to one, when it is due (`now`: whether or not), and says whether there
 * was one. It may die at any moment: the batch is added and its chunks are taken away in one transaction.
 */
export async function fold(deps: FoldDeps, kind: Kind, now = false): Promise<boolean> {
  const { environment, engine, project, name, land } = deps
  const { store, blobs, clock } = environment
  const of = store.read
    .selectFrom('stream_chunks')
    .where('project', '=', project)
    .where('source', '=', name)
    .where('kind', '=', kind)
    .orderBy('first')
  const oldest = await of.select(['first', 'created_at']).limit(1).executeTakeFirst()
  if (!oldest) return false
  const stream = await store.read
    .selectFrom('streams')
    .select(['landed', 'dead', 'buffered_bytes'])
    .where('project', '=', project)
    .where('name', '=', name)
    .executeTakeFirst()
  const waiting = (kind === 'rows' ? stream?.landed : stream?.dead) ?? 0
  const due =
    waiting - oldest.first >= land.rows ||
    (stream?.buffered_bytes ?? 0) >= land.bytes ||
    clock() - oldest.created_at >= land.seconds * 1000
  if (!due && !now) return false
  const chunks = await of.select(['id', 'first', 'rows', 'bytes']).limit(mostChunks).execute()
  const taken: typeof chunks = []
  let rows = 0
  let bytes = 0
  for (const chunk of chunks) {
    if (rows >= land.rows || bytes >= land.bytes) break
    taken.push(chunk)
    rows += chunk.rows
    bytes += chunk.bytes
  }

  const folder = runFolder(environment.dataDirectory)
  try {
    await mkdir(folder, { recursive: true })
    const lines = join(folder, 'lines.zst')
    await pipeline(
      Readable.from(
        dataOf(
          environment,
          taken.map(({ id }) => id),
        ),
      ),
      createWriteStream(lines),
    )
    const columns = kind === 'dead' ? deadColumns : await columnsOf(deps)
    const file = join(folder, 'batch.parquet')
    check(rows, await writeBatch(engine, lines, file, oldest.first, columns))
    const blob = await blobs.putFile(file, { move: true })
    await environment.journal.change({ actor: `stream/${name}` }, async (change) => {
      await hold(change, deps, kind === 'rows' ? rows : 0, bytes)
      await change.db
        .insertInto('stream_batches')
        .values({
          project, source: name, kind, first: oldest.first, rows, digest: blob.digest, bytes: blob.bytes, level: 0, created_at: change.now,
        }) // biome-ignore format: a row
        .execute()
      await change.db
        .deleteFrom('stream_chunks')
        .where('project', '=', project)
        .where('source', '=', name)
        .where('kind', '=', kind)
        .where('first', '<', oldest.first + rows)
        .execute()
      if (kind === 'rows') await deps.landed(change)
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return true
}

/** Writes consecutive small files together as one, when there are enough of a level; says whether there were. */
export async function compact(deps: FoldDeps, kind: Kind): Promise<boolean> {
  const { environment, engine, project, name } = deps
  const { store, blobs } = environment
  const batches = await microBatches(store, project, name, kind)
  const merged = mergeable(batches)
  if (!merged) return false
  const level = merged[0]!.level
  const rows = merged.reduce((sum, batch) => sum + batch.rows, 0)
  const folder = runFolder(environment.dataDirectory)
  try {
    await mkdir(folder, { recursive: true })
    const file = join(folder, 'batch.parquet')
    const paths = await Promise.all(merged.map(({ digest }) => blobs.localPath(digest)))
    check(rows, await mergeBatches(engine, paths, file, kind === 'dead' ? deadColumns : await columnsOf(deps)))
    const blob = await blobs.putFile(file, { move: true })
    await environment.journal.change({ actor: `stream/${name}` }, async (change) => {
      await hold(change, deps, 0, 0)
      await change.db
        .deleteFrom('stream_batches')
        .where(
          'id',
          'in',
          merged.map(({ id }) => id),
        )
        .execute()
      await change.db
        .insertInto('stream_batches')
        .values({
          project, source: name, kind, first: merged[0]!.first, rows, digest: blob.digest, bytes: blob.bytes, level: level + 1, created_at: change.now,
        }) // biome-ignore format: a row
        .execute()
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return true
}

/** The first consecutive files of one level that are to be one file; undefined when there are not enough. */
export function mergeable<B extends { level: number; bytes: number }>(batches: readonly B[]): B[] | undefined {
  for (let at = 0; at + fanIn <= batches.length; at++) {
    const some = batches.slice(at, at + fanIn)
    const bytes = some.reduce((sum, batch) => sum + batch.bytes, 0)
    if (bytes <= largeFile && some.every(({ level }) => level === some[0]!.level)) return some
  }
  return undefined
}

/** Counts what was folded, if the stream is still held. Errors: `conflict`. */
async function hold({ db }: Change, { project, name, holder }: FoldDeps, rows: number, bytes: number) {
  const held = await db
    .updateTable('streams')
    .set((set) => ({ folded: set('folded', '+', rows), buffered_bytes: set('buffered_bytes', '-', bytes) }))
    .where('project', '=', project)
    .where('name', '=', name)
    .where('holder', '=', holder)
    .executeTakeFirst()
  if (held.numUpdatedRows === 0n)
    throw new KedgeError('conflict', { what: `The stream ${name} is read by another process` })
}

async function columnsOf({ environment, project, name }: FoldDeps): Promise<string[]> {
  const row = await environment.store.read
    .selectFrom('streams')
    .select('columns')
    .where('project', '=', project)
    .where('name', '=', name)
    .executeTakeFirst()
  return row ? fromJson<string[]>(row.columns) : []
}

async function* dataOf({ store }: Environment, ids: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < ids.length; at += page) {
    const some = await store.read
      .selectFrom('stream_chunks')
      .select('data')
      .where('id', 'in', ids.slice(at, at + page))
      .orderBy('first')
      .execute()
    for (const { data } of some) yield data
  }
}

function check(expected: number, found: number) {
  if (found !== expected)
    throw new KedgeError(
      'internal',
      {},
      { cause: new Error(`a batch of a stream has ${found} rows in place of ${expected}`) },
    )
}
