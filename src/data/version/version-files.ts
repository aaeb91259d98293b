import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobStore } from '../../contracts/blob-store.ts'
import type { Column } from '../../contracts/column.ts'
import type { OtherRows } from '../../contracts/curation.ts'
import { KedgeError } from '../../errors.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { quoteName, quoteText } from '../expression/sql-text.ts'
import type { DatasetVersionSummary, VersionPart } from './dataset-version.ts'
import { createRunEngine } from './run-engine.ts'

export interface VersionFiles {
  /** The version's rows as a table expression with `__position`, from 0. Errors: `not_found` when its rows are gone. */
  rows(version: DatasetVersionSummary): Promise<OtherRows>
  /** Table expression of the columns alone, in no order. */
  table(version: DatasetVersionSummary): Promise<string>
  /** The parts of each that the other has not; undefined when it has none of its own. */
  difference(
    a: DatasetVersionSummary,
    b: DatasetVersionSummary,
  ): Promise<{ a: string | undefined; b: string | undefined }>
  /** One Parquet file with all rows, in order; made at the first use when the version has several parts. */
  whole(version: DatasetVersionSummary): Promise<string>
  /** Rows `offset` … as a table expression with `__position`, from the parts that hold them. */
  page(version: DatasetVersionSummary, offset: number, limit: number): Promise<string>
}

/** Names the rows of several parts; of one part it is the part's own digest. */
export const digestOfParts = (parts: readonly VersionPart[]): string =>
  parts.length === 1
    ? parts[0]!.digest
    : createHash('sha256')
        .update(JSON.stringify(parts.map(({ digest, rows }) => [digest, rows])))
        .digest('hex')

/** Parts that another list has not, one for one. */
function without(parts: readonly VersionPart[], others: readonly VersionPart[]): VersionPart[] {
  const there = new Map<string, number>()
  for (const { digest } of others) there.set(digest, (there.get(digest) ?? 0) + 1)
  return parts.filter(({ digest }) => {
    const left = there.get(digest) ?? 0
    there.set(digest, left - 1)
    return left <= 0
  })
}

/** Rows in the parts that two versions share. */
export const sharedRows = (a: DatasetVersionSummary, b: DatasetVersionSummary): number =>
  a.rowCount - without(a.parts, b.parts).reduce((sum, part) => sum + part.rows, 0)

const numbered = (file: string, offset: number, columns: readonly Column[]) =>
  `SELECT ${[...columns.map(({ name }) => quoteName(name)), `toUInt64(_row_number) + ${offset} AS __position`].join(', ')} FROM file(${quoteText(file)}, Parquet)`

/** Rows of several files, one after the other, as a table expression with `__position`, from 0. */
export function numberedParts(parts: readonly { path: string; rows: number }[], columns: readonly Column[]): string {
  let offset = 0
  const pieces = parts.map(({ path, rows }) => {
    const piece = numbered(path, offset, columns)
    offset += rows
    return piece
  })
  return `(${pieces.join(' UNION ALL ')})`
}

/** Several files as one pattern of the engine, which must not begin with a brace. */
function inOne(paths: readonly string[]): string {
  const [first = '', ...others] = paths
  if (others.length === 0) return first
  let common = first.length
  for (const path of others) {
    let same = 0
    while (same < common && path[same] === first[same]) same++
    common = same
  }
  const prefix = first.slice(0, first.lastIndexOf('/', common) + 1)
  return `${prefix}{${paths.map((path) => path.slice(prefix.length)).join(',')}}`
}

/** The Parquet files behind dataset versions. */
export function createVersionFiles({
  blobs,
  engine,
  dataDirectory,
}: {
  blobs: BlobStore
  engine: EventsStore
  dataDirectory: string
}): VersionFiles {
  const run = createRunEngine(engine)
  const making = new Map<string, Promise<string>>()

  async function paths(version: DatasetVersionSummary): Promise<string[]> {
    if (version.purgedAt !== null)
      throw new KedgeError(
        'not_found',
        { kind: 'Rows of', name: `${version.dataset}@${version.version}` },
        {
          todo: 'The retention of the dataset took them away; make the version again, or pin versions that must stay.',
        },
      )
    return Promise.all(version.parts.map(({ digest }) => blobs.localPath(digest)))
  }

  async function make(version: DatasetVersionSummary): Promise<string> {
    const folder = join(dataDirectory, 'cache', 'datasets')
    const target = join(folder, `${version.digest}.parquet`)
    if (existsSync(target)) return target
    await mkdir(folder, { recursive: true })
    const { sql } = await files.rows(version)
    const temporary = join(folder, `${version.digest}.${process.pid}.part`)
    await run.command(
      `INSERT INTO FUNCTION file(${quoteText(temporary)}, Parquet) SELECT * EXCEPT (__position) FROM ${sql} ORDER BY __position`,
    )
    await rename(temporary, target)
    return target
  }

  const files: VersionFiles = {
    async rows(version) {
      const found = await paths(version)
      const parts = found.map((path, i) => ({ path, rows: version.parts[i]!.rows }))
      return {
        dataset: version.dataset,
        version: version.version,
        sql: numberedParts(parts, version.schema),
        columns: version.schema,
        rows: version.rowCount,
      }
    },
    async table(version) {
      const found = await paths(version)
      return `file(${quoteText(inOne(found))}, Parquet)`
    },
    async difference(a, b) {
      const own = async (version: DatasetVersionSummary, other: DatasetVersionSummary) => {
        const left = without(version.parts, other.parts)
        return left.length === 0 ? undefined : files.table({ ...version, parts: left })
      }
      return { a: await own(a, b), b: await own(b, a) }
    },
    async whole(version) {
      if (version.parts.length === 1) return (await paths(version))[0]!
      const running = making.get(version.digest) ?? make(version).finally(() => making.delete(version.digest))
      making.set(version.digest, running)
      return running
    },
    async page(version, offset, limit) {
      const found = await paths(version)
      let start = 0
      const pieces = found.flatMap((path, i) => {
        const [from, to] = [start, start + version.parts[i]!.rows]
        start = to
        return from < offset + limit && to > offset ? [numbered(path, from, version.schema)] : []
      })
      const sql = pieces.length === 0 ? numbered(found[0]!, 0, version.schema) : pieces.join(' UNION ALL ')
      return `(SELECT * FROM (${sql}) WHERE __position >= ${offset} AND __position < ${offset + limit} ORDER BY __position)`
    },
  }
  return files
}
