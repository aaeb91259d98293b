import { buffer } from 'node:stream/consumers'
import type { BlobStore } from '../contracts/blob-store.ts'
import type { DeletedVersion } from '../registry/collect.ts'
import { type BlobColumn, columnDigests } from '../storage/blobs/blob-columns.ts'
import { readFolder } from '../storage/blobs/folder.ts'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import type { DeletedThing } from '../tracking/collect.ts'

/** Bytes that nothing needs, with when they were put last (milliseconds since 1970). */
export interface OrphanedBlob {
  digest: string
  bytes: number
  modifiedAt: number
}

export interface Orphans {
  blobs: OrphanedBlob[]
  /** what is too young to be judged: it may belong to an upload that has not ended */
  young: { count: number; bytes: number }
  /** all that was looked at */
  stored: { count: number; bytes: number }
}

const manifestStart = '{"files":{'

/**
 * Blobs that were put before `before` and that nothing names, once `going` has gone. The blobs are listed before the
 * names are read, so whatever is named while it looks is safe; what is put again meanwhile the store itself keeps.
 */
export async function findOrphans(
  { store, blobs }: { store: SqlStore; blobs: BlobStore },
  columns: readonly BlobColumn[],
  before: number,
  going: { things: readonly DeletedThing[]; versions: readonly DeletedVersion[] },
  { signal, progress }: { signal: AbortSignal; progress(text: string): void },
): Promise<Orphans> {
  const candidates = new Map<string, OrphanedBlob>()
  const young = { count: 0, bytes: 0 }
  const stored = { count: 0, bytes: 0 }
  for await (const blob of blobs.list()) {
    if (stored.count++ % 1000 === 0) {
      signal.throwIfAborted()
      progress(`listing blobs: ${stored.count}`)
    }
    stored.bytes += blob.bytes
    if (blob.modifiedAt < before) candidates.set(blob.digest, blob)
    else {
      young.count++
      young.bytes += blob.bytes
    }
  }

  const folders = new Set<string>()
  const skips = skipRows(going)
  for (const column of columns) {
    progress(`reading what is named in ${column.table}.${column.column}`)
    for await (const { digest, folder } of columnDigests(store.read, column, skips(column))) {
      const blob = candidates.get(digest)
      candidates.delete(digest)
      // a manifest that is young, or was met before in another column, still holds its files
      if (folder && !folders.has(digest) && (blob || (await blobs.stat(digest)))) folders.add(digest)
    }
    signal.throwIfAborted()
  }
  progress(`reading ${folders.size} folders`)
  for (const digest of folders) {
    signal.throwIfAborted()
    if (!(await isManifest(blobs, digest))) continue
    for (const file of Object.values((await readFolder(blobs, digest)).files)) candidates.delete(file.digest)
  }
  return { blobs: [...candidates.values()].sort((a, b) => b.bytes - a.bytes), young, stored }
}

/** What a document names need not be a folder: its first bytes tell. */
async function isManifest(blobs: BlobStore, digest: string): Promise<boolean> {
  const start = await buffer(await blobs.get(digest, { start: 0, end: manifestStart.length - 1 }))
  return start.toString() === manifestStart
}

/** Rows that go with what is collected name nothing any more. */
function skipRows({ things, versions }: { things: readonly DeletedThing[]; versions: readonly DeletedVersion[] }) {
  const roots = new Set(
    things.flatMap((thing) => (thing.kept === null && thing.root !== null ? [`${thing.project}/${thing.root}`] : [])),
  )
  const gone = new Set(
    versions.flatMap((one) => (one.kept === null ? [`${one.project}/${one.model}@${one.version}`] : [])),
  )
  const below = ([project, path]: readonly unknown[]) => {
    const text = `${project}/${path}`
    for (let cut = text.indexOf('/', String(project).length + 1); cut > 0; cut = text.indexOf('/', cut + 1))
      if (roots.has(text.slice(0, cut))) return true
    return false
  }
  return ({ table }: BlobColumn) => {
    if (table === 'artifact_files' && roots.size > 0) return below
    if (table === 'model_versions' && gone.size > 0)
      return ([project, model, version]: readonly unknown[]) => gone.has(`${project}/${model}@${version}`)
    return undefined
  }
}
