import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Column } from '../../contracts/column.ts'
import type { LocalFiles, SourceTable } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import type { SourceSpec } from '../dataset-spec.ts'
import { documentDigest } from '../document-digest.ts'
import { landed } from '../source/landed.ts'
import { type OpenedSource, openSource } from '../source/open-source.ts'
import type { SourceAccess } from '../source/source-access.ts'
import type { OnFiles } from '../source/source-environment.ts'
import { stage, staged } from '../source/stage.ts'
import type { Batch } from './dataset-version.ts'
import type { Pulled, PullInput } from './pull-source.ts'

/** What is kept of the files of a batch, as a blob. */
interface FileList {
  /** file → digest of its bytes; every file of the source when the batch was pulled that the batch has rows of */
  files: Record<string, string>
  /** of all rows, then and before */
  columns: Column[]
  /** why rows could not be read, in the order of the marks in the batch */
  reasons: string[]
}

export interface ChangedFiles {
  /** the source with the files that are new; it is not read when there are none */
  source: OpenedSource
  /** file → digest of its bytes, for all there are */
  now: Map<string, string>
  /** files to be read */
  fresh: string[]
  /** digest of a file as it is now */
  digestOf(file: string): Promise<string>
  /** of the batches before */
  lists: FileList[]
  batches: Batch[]
}

class NothingNew extends Error {}

/** More batches than this, or more of their rows that are superseded, are written together as one. */
const mostBatches = 24
const mostDead = 0.3

interface Before {
  blobs: PullInput['blobs']
  batches: readonly Batch[]
  /** for files of this run; may not be there yet */
  folder: string
}

/**
 * Opens a source whose rows come from many files with those that no earlier batch has, linked in the run's folder; other
 * sources as they are.
 */
export async function openChanged(
  access: SourceAccess,
  project: string,
  name: string,
  spec: SourceSpec,
  before: Before,
  signal?: AbortSignal,
): Promise<OpenedSource | ChangedFiles> {
  const batches = before.batches.filter((batch) => batch.source === name && batch.files !== undefined)
  const lists: FileList[] = []
  for (const { files } of batches) lists.push(await readList(before.blobs, files!))
  const known = aliveIn(lists)
  const now = new Map<string, string>()
  let fresh: string[] | undefined
  let digestOf: ChangedFiles['digestOf'] = async () => ''
  const onFiles: OnFiles = async (files) => {
    if (!files.pattern || fresh) return files
    const { folder, files: paths, digestOf: digestAt } = files.pattern
    digestOf = (file) => digestAt(join(folder, file))
    for (let i = 0; i < paths.length; i += 64)
      for (const [path, digest] of await Promise.all(
        paths.slice(i, i + 64).map(async (path) => [path, await digestAt(path)] as const),
      ))
        now.set(relative(folder, path), digest)
    fresh = [...now].flatMap(([file, digest]) => (known.get(file)?.digest === digest ? [] : [file]))
    if (fresh.length === now.size) return files
    if (fresh.length === 0) throw new NothingNew()
    return some(files, fresh, join(before.folder, 'fresh'))
  }
  const last = lists.at(-1)
  let source: OpenedSource
  try {
    source = await openSource(access, project, name, spec, signal, onFiles)
  } catch (error) {
    if (!(error instanceof NothingNew)) throw error
    const table: SourceTable = { sql: '', params: {}, columns: [], types: last!.columns, file: 's.__file' }
    source = { name, kind: spec.kind, place: String(spec.url ?? spec.path), table, columns: last!.columns }
  }
  if (!fresh || source.table.file === undefined || source.table.incremental) return source
  return { source: last ? withKnown(source, last.columns) : source, now, fresh, digestOf, lists, batches }
}

/** Links to some of many files, in the folders that they are in. */
async function some(files: LocalFiles, names: readonly string[], to: string): Promise<LocalFiles> {
  const { folder, digestOf, partitions } = files.pattern!
  for (const name of names) {
    await mkdir(dirname(join(to, name)), { recursive: true })
    await symlink(join(folder, name), join(to, name))
  }
  const digests = await Promise.all(names.map((name) => digestOf(join(folder, name))))
  return {
    path: join(to, '**'),
    digest: async () => documentDigest(names.map((name, i) => [name, digests[i]])),
    pattern: {
      folder: to,
      files: names.map((name) => join(to, name)).sort(),
      digestOf: (path) => digestOf(join(folder, relative(to, path))),
      partitions,
    },
  }
}

/** Columns as they were before, and those that new files have besides: a type that was found once stays. */
function withKnown(source: OpenedSource, known: readonly Column[]): OpenedSource {
  const typed = source.table.untyped !== true
  for (const { name, type } of known) {
    const found = source.columns.find((column) => column.name === name)
    if (found && found.type !== type && typed)
      throw new KedgeError('source_schema_changed', {
        source: source.name,
        what: `${name} was ${type} and is ${found.type}`,
      })
  }
  const added = source.columns.filter(({ name }) => !known.some((column) => column.name === name))
  const columns = [...known, ...added]
  return { ...source, columns, table: { ...source.table, types: columns } }
}

/** Which batch has the newest rows of each file. */
function aliveIn(lists: readonly FileList[]): Map<string, { digest: string; batch: number }> {
  const alive = new Map<string, { digest: string; batch: number }>()
  for (const [batch, { files }] of lists.entries())
    for (const [file, digest] of Object.entries(files)) alive.set(file, { digest, batch })
  return alive
}

async function readList(blobs: PullInput['blobs'], digest: string): Promise<FileList> {
  const pieces: Buffer[] = []
  for await (const piece of await blobs.get(digest)) pieces.push(piece as Buffer)
  return JSON.parse(Buffer.concat(pieces).toString('utf8')) as FileList
}

/**
 * What earlier versions have pulled of the files that are still there as they were, and the rows of those that are new or
 * changed. Rows of files that are gone stay only where the declaration keeps them.
 */
export async function pullFiles(
  input: Omit<PullInput, 'source' | 'time' | 'window'>,
  { source, now, fresh, digestOf, lists: given, batches: before }: ChangedFiles,
  keepRemoved: boolean,
): Promise<Pulled> {
  const { engine, blobs, folder, signal } = input
  const [batches, lists] = [[...before], [...given]]
  const reasons = (source.table.unreadable ?? []).map(({ reason }) => reason)
  const fileColumn = { name: '__file', type: 'String' }
  const pulled: SourceTable = { ...source.table, columns: [...source.table.columns, fileColumn] }
  const add = async (path: string, files: Record<string, string>, why: string[]) => {
    const rows = await countOf(engine, path)
    const list: FileList = { files, columns: source.columns, reasons: why }
    const { digest } = await blobs.put(Buffer.from(JSON.stringify(list)))
    batches.push({
      source: source.name,
      digest: (await blobs.putFile(path, { move: true })).digest,
      rows,
      cursor: '',
      files: digest,
    })
    lists.push(list)
  }
  if (fresh.length > 0) {
    const table = await landed(pulled, join(folder, 'landed'), { signal })
    const file = join(folder, 'batch.parquet')
    const offset = batches.reduce((sum, batch) => sum + batch.rows, 0)
    await stage(engine, table, file, { offset, signal })
    // the rows must be those of the bytes whose digest was taken before
    for (const name of fresh)
      if ((await digestOf(name)) !== now.get(name)) throw new KedgeError('source_changed', { source: source.name })
    await add(file, Object.fromEntries(fresh.map((name) => [name, now.get(name)!])), reasons)
  }

  /** The rows of all batches but those of files that another batch has anew, or that are gone. */
  const current = async () => {
    const alive = aliveIn(lists)
    const conditions: (string | undefined)[] = []
    let dead = 0
    for (const [i, list] of lists.entries()) {
      const gone = Object.keys(list.files).filter(
        (file) => alive.get(file)?.batch !== i || (!keepRemoved && !now.has(file)),
      )
      dead += (gone.length / Math.max(1, Object.keys(list.files).length)) * batches[i]!.rows
      if (gone.length > 0) {
        const path = join(folder, `gone-${batches.length}-${i}.jsonl`)
        await writeFile(path, gone.map((file) => `${JSON.stringify({ f: file })}\n`).join(''))
        conditions.push(`__file NOT IN (SELECT f FROM file('${path}', JSONEachRow, 'f String'))`)
      } else conditions.push(undefined)
    }
    const paths = await Promise.all(batches.map(({ digest }) => blobs.localPath(digest)))
    const most = lists.reduce(
      (longest, list) => (list.reasons.length > longest.length ? list.reasons : longest),
      reasons,
    )
    const columns = [...source.columns.map(({ name }) => ({ name, type: 'Nullable(String)' })), fileColumn]
    const unreadable = most.map((reason) => ({ when: '', reason }))
    const table = await staged(engine, { ...pulled, columns, unreadable }, paths, conditions)
    return { table, dead, reasons: most, alive }
  }
  let { table, dead, reasons: most, alive } = await current()
  const all = batches.reduce((sum, batch) => sum + batch.rows, 0)
  if (batches.length > mostBatches || (batches.length > 1 && dead > all * mostDead)) {
    const whole = join(folder, 'batches.parquet')
    await stage(engine, { ...table, rowNumber: 'rowNumberInAllBlocks()' }, whole, { signal })
    const files = [...alive]
      .filter(([file]) => keepRemoved || now.has(file))
      .map(([file, { digest }]) => [file, digest])
    batches.length = 0
    lists.length = 0
    await add(whole, Object.fromEntries(files), most)
    table = (await current()).table
  }
  const state = documentDigest(
    [...aliveIn(lists)]
      .filter(([file]) => keepRemoved || now.has(file))
      .map(([file, { digest }]) => [file, digest])
      .sort(),
  )
  return {
    table: { ...table, columns: table.columns.filter(({ name }) => name !== '__file'), types: source.columns },
    state: `files:${state}`,
    batches,
  }
}

async function countOf(engine: PullInput['engine'], file: string): Promise<number> {
  const [found] = await engine.query<{ n: number }>('SELECT count() AS n FROM file({file:String}, Parquet)', { file })
  return Number(found?.n ?? 0)
}
