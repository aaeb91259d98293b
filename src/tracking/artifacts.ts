import { type Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { BlobInfo, BlobStore } from '../contracts/blob-store.ts'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { artifactPath, joinPath } from './artifact-path.ts'

export interface ArtifactEntry {
  /** relative to the project's artifacts */
  path: string
  name: string
  directory: boolean
  bytes: number | null
  digest: string | null
}

export interface ArtifactFile {
  path: string
  digest: string
  bytes: number
}

/** Files of runs and models: names in the SQL store, bytes once in the blob store. */
export function createArtifacts(environment: Pick<Environment, 'store' | 'journal' | 'blobs'>) {
  const { store, journal, blobs } = environment
  const verify = createVerification(blobs)

  /** Every path below a directory lies between `directory/` and `directory0`, the next character after the slash. */
  const below = (project: string, directory: string) => {
    const all = store.read
      .selectFrom('artifact_files')
      .select(['path', 'digest', 'bytes'])
      .where('project', '=', project)
    return directory === '' ? all : all.where('path', '>=', `${directory}/`).where('path', '<', `${directory}0`)
  }

  const find = async (project: string, path: string): Promise<ArtifactFile> => {
    const clean = artifactPath(path)
    const row = await store.read
      .selectFrom('artifact_files')
      .select(['path', 'digest', 'bytes'])
      .where('project', '=', project)
      .where('path', '=', clean)
      .executeTakeFirst()
    if (!row) throw new KedgeError('not_found', { kind: 'Artifact', name: clean })
    return row
  }

  /** Names bytes that are stored, in the caller's change. */
  async function nameIn(change: Change, project: string, path: string, { digest, bytes }: BlobInfo): Promise<void> {
    const row = { project, path, digest, bytes, modified_at: change.now }
    await change.db
      .insertInto('artifact_files')
      .values(row)
      .onConflict((c) => c.columns(['project', 'path']).doUpdateSet(row))
      .execute()
  }

  return {
    find,
    nameIn,

    /** Stores the bytes, then names them: a broken upload leaves no name. */
    async put(
      context: ChangeContext,
      project: string,
      path: string,
      content: Readable | Uint8Array,
    ): Promise<ArtifactFile> {
      const clean = artifactPath(path)
      if (clean === '') throw new KedgeError('invalid_input', { what: 'The path of the artifact is empty' })
      const blob = await blobs.put(content)
      await journal.change(context, (change) => nameIn(change, project, clean, blob))
      return { path: clean, ...blob }
    },

    /** Bytes of a file, or of a range of it (both ends inclusive). Fails before its end when they are not what was stored. */
    async open(
      project: string,
      path: string,
      range?: { start?: number; end?: number },
    ): Promise<{ file: ArtifactFile; content: Readable }> {
      const file = await find(project, path)
      if (range) await verify(file.digest)
      return { file, content: await blobs.get(file.digest, range) }
    },

    /** What lies directly in a directory, by name; nothing for one that does not exist, the file itself for a file. */
    async list(project: string, directory: string): Promise<ArtifactEntry[]> {
      const clean = artifactPath(directory)
      const skip = clean === '' ? 0 : clean.length + 1
      const entries = new Map<string, ArtifactEntry>()
      for (const row of await below(project, clean).orderBy('path').execute()) {
        const rest = row.path.slice(skip)
        const slash = rest.indexOf('/')
        const name = slash < 0 ? rest : rest.slice(0, slash)
        if (slash < 0)
          entries.set(name, { path: row.path, name, directory: false, bytes: Number(row.bytes), digest: row.digest })
        else if (!entries.has(name))
          entries.set(name, { path: joinPath(clean, name), name, directory: true, bytes: null, digest: null })
      }
      return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    },

    /** Every file below a directory, with paths relative to it. */
    async files(project: string, directory: string): Promise<ArtifactFile[]> {
      const clean = artifactPath(directory)
      const rows = await below(project, clean).orderBy('path').execute()
      return rows.map((row) => ({ ...row, path: clean === '' ? row.path : row.path.slice(clean.length + 1) }))
    },

    /** Takes the names away of a file or of all below a directory; bytes that no name needs are collected later. */
    delete: (context: ChangeContext, project: string, path: string): Promise<void> => {
      const clean = artifactPath(path)
      if (clean === '') throw new KedgeError('invalid_input', { what: 'The path of the artifact is empty' })
      return journal.change(context, async (change) => {
        await change.db
          .deleteFrom('artifact_files')
          .where('project', '=', project)
          .where((where) =>
            where.or([
              where('path', '=', clean),
              where.and([where('path', '>=', `${clean}/`), where('path', '<', `${clean}0`)]),
            ]),
          )
          .execute()
      })
    },
  }
}

export type Artifacts = ReturnType<typeof createArtifacts>

/** How many blobs are remembered as whole. */
const mostVerified = 10_000

/**
 * Reads a blob to its end once in the life of this process: a range of it cannot be checked alone. Errors: `blob_corrupt`.
 */
function createVerification(blobs: BlobStore) {
  const whole = new Map<string, Promise<void>>()
  return (digest: string): Promise<void> => {
    const known = whole.get(digest)
    if (known) return known
    const reading = blobs
      .get(digest)
      .then((content) => pipeline(content, new Writable({ write: (_piece, _encoding, done) => done() })))
    whole.set(digest, reading)
    reading.catch(() => whole.delete(digest))
    if (whole.size > mostVerified) whole.delete(whole.keys().next().value!)
    return reading
  }
}
