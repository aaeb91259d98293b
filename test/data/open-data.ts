import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBlobDirectory } from '../../src/adapters/blobs/directory.ts'
import { executors } from '../../src/adapters/executors/index.generated.ts'
import { expectations } from '../../src/adapters/expectations/index.generated.ts'
import { operations } from '../../src/adapters/operations/index.generated.ts'
import { places } from '../../src/adapters/places/index.generated.ts'
import { sources } from '../../src/adapters/sources/index.generated.ts'
import { createData, type Data, type DataOptions } from '../../src/data/data.ts'
import type { DatasetVersion } from '../../src/data/version/dataset-version.ts'
import type { Environment } from '../../src/environment.ts'
import { createJobs } from '../../src/jobs/jobs.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { silentLog } from '../../src/log.ts'
import { createEmbeddedEvents } from '../../src/storage/events/embedded-events.ts'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'

export const project = 'test'
export const by = { actor: 'user/test' }
export const flightsFile = join(process.cwd(), 'node_modules/vega-datasets/data/flights-3m.parquet')

export interface OpenedData extends Data {
  environment: Environment
  /** a folder for files of the test */
  folder: string
  /** declares a source and the dataset `rows` on it, and makes a version */
  make(source: object, spec?: object, window?: { from: number; to: number }): Promise<DatasetVersion>
  close(): Promise<void>
}

/** The data domain on real embedded stores in a temporary folder; `sql`: on an empty database of PostgreSQL. */
export async function openData(
  options: Partial<DataOptions> & { directory?: string; clock?: () => number; memoryLimit?: number; sql?: string } = {},
): Promise<OpenedData> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'kedge-data-'))
  const folder = join(directory, 'files')
  mkdirSync(folder, { recursive: true })
  const clock = options.clock ?? Date.now
  const store = options.sql === undefined ? await openSqlite(directory, clock) : await openPostgres(options.sql, clock)
  const journal = createJournal(store)
  const jobs = createJobs({ store, journal, clock, log: silentLog, node: 'test' })
  const events = createEmbeddedEvents({
    dataDirectory: join(directory, 'events'),
    log: silentLog,
    ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
  })
  const blobs = await openBlobDirectory(join(directory, 'blobs'))
  const environment: Environment = {
    store,
    journal,
    jobs,
    events,
    blobs,
    clock,
    log: silentLog,
    node: 'test',
    dataDirectory: directory,
  }
  const data = createData(environment, {
    extensions: { sources, operations, expectations },
    places,
    executors,
    secret: async () => 'secret',
    allowHosts: ['127.0.0.1', 'localhost'],
    ...options,
  })
  await data.start()
  return {
    ...data,
    environment,
    folder,
    async make(source, spec = {}, window) {
      await data.sources.put(by, project, 'input', source)
      await data.datasets.put(by, project, 'rows', { from: 'input', ...spec })
      return data.datasets.materialiseNow(by, { project, dataset: 'rows', ...window })
    },
    async close() {
      await jobs.stop()
      await events.close()
      await blobs.close()
      await store.close()
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true })
    },
  }
}
