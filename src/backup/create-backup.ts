import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import { makeDirectory } from '../storage/make-directory.ts'
import { version } from '../version.ts'
import { type BackupManifest, describeFiles, manifestFile } from './backup-manifest.ts'
import { copyFiles } from './copy-files.ts'
import { copySqlite } from './copy-sqlite.ts'

export interface BackupResult {
  path: string
  files: number
  bytes: number
  journalHead: number
}

/** The parts of a store that are embedded, which are those that Kedge can copy itself. */
export interface BackupOptions {
  environment: Environment
  /** whether all three stores are the embedded ones */
  embedded: boolean
}

const jobKind = 'server.backup'
/** Jobs that belong to no project are kept under this one. */
export const serverProject = 'default'

/** Makes backups of a running server. Registers its job. */
export function createBackups({ environment, embedded }: BackupOptions) {
  const { jobs, journal, dataDirectory, clock } = environment

  jobs.handle<{ path: string }>({
    kind: jobKind,
    async run(job, { progress }) {
      return { result: await copyEverything(environment, job.payload.path, progress) }
    },
  })

  return {
    /** Enqueues a backup into a new folder; the job's result is a BackupResult. Errors: `invalid_input`, `unsupported`. */
    async start(context: ChangeContext, path?: string): Promise<{ jobId: number; project: string }> {
      if (!embedded)
        throw new KedgeError(
          'unsupported',
          { what: 'A backup of stores that run elsewhere' },
          { todo: 'Use their own: pg_dump for PostgreSQL, BACKUP of ClickHouse, a copy of the bucket, in this order.' },
        )
      if (path !== undefined && !isAbsolute(path))
        throw new KedgeError('invalid_input', {
          what: 'The path of a backup must be absolute: it is of the machine where the server runs',
        })
      const target = path ?? join(dataDirectory, 'backups', new Date(clock()).toISOString().replace(/[:.]/g, '-'))
      const jobId = await journal.change(context, (change) =>
        jobs.enqueue(change, { kind: jobKind, project: serverProject, payload: { path: target }, key: target }),
      )
      if (jobId === undefined) throw new KedgeError('conflict', { what: `A backup into ${target} waits already` })
      return { jobId, project: serverProject }
    },
  }
}

export type Backups = ReturnType<typeof createBackups>

/**
 * What was acknowledged before it begins is in the copy. The order makes the parts fit together: predictions go from the
 * spool to the events engine, so the spool is copied before it; the SQL store names blobs, so it is copied before them.
 * What the engine got while it was copied is computed anew when the backup is restored.
 */
async function copyEverything(
  environment: Environment,
  path: string,
  progress: (text: string) => void,
): Promise<BackupResult> {
  const { dataDirectory, events, journal, clock } = environment
  const startedAt = clock()
  const making = `${path}.unfinished`
  makeDirectory(dirname(path))
  await rm(making, { recursive: true, force: true })
  await mkdir(making, { mode: 0o700 })

  progress('copying predictions on their way')
  await copyFiles(join(dataDirectory, 'inference', 'spool'), join(making, 'spool'), {
    wanted: (name) => name.endsWith('.spool'),
  })

  await mkdir(join(making, 'events'))
  const tables = (
    await events.query<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name != 'kedge_migrations' ORDER BY name",
    )
  ).map(({ name }) => name)
  for (const table of tables) {
    progress(`copying the events engine: ${table}`)
    await events.command('INSERT INTO FUNCTION file({path:String}, Native) SELECT * FROM {table:Identifier}', {
      path: join(making, 'events', `${table}.native.zst`),
      table,
    })
  }

  progress('copying the SQL store')
  const journalHead = await journal.head()
  await copySqlite(join(dataDirectory, 'kedge.sqlite'), join(making, 'kedge.sqlite'))

  progress('copying blobs')
  await copyFiles(join(dataDirectory, 'blobs'), join(making, 'blobs'), {
    wanted: (name) => !/(^|\/)(unfinished|tmp|\.)/.test(name),
    link: true,
  })
  await copyFiles(dataDirectory, making, { wanted: (name) => name === 'secret.key' })

  progress('computing digests')
  const files = await describeFiles(making)
  const manifest: BackupManifest = {
    format: 'kedge-backup',
    number: 1,
    kedge: version,
    startedAt,
    finishedAt: clock(),
    journalHead,
    tables,
    files,
  }
  await writeFile(join(making, manifestFile), `${JSON.stringify(manifest, null, 1)}\n`)
  const folder = await open(making)
  await folder.sync()
  await folder.close()
  await rename(making, path).catch((cause) => {
    throw new KedgeError(
      'conflict',
      { what: `${path} is there already` },
      { cause, todo: 'Name a folder that does not exist.' },
    )
  })
  return {
    path,
    files: Object.keys(files).length,
    bytes: Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0),
    journalHead,
  }
}
