import { join } from 'node:path'
import { openBlobDirectory } from '../../src/adapters/blobs/directory.ts'
import { executors } from '../../src/adapters/executors/index.generated.ts'
import type { BlobStore } from '../../src/contracts/blob-store.ts'
import type { Environment } from '../../src/environment.ts'
import { KedgeError } from '../../src/errors.ts'
import { createJobs } from '../../src/jobs/jobs.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { silentLog } from '../../src/log.ts'
import type { DatasetsPart, DatasetVersionPart } from '../../src/pipelines/neighbours.ts'
import { createPipelines } from '../../src/pipelines/pipelines.ts'
import type { Prices } from '../../src/pipelines/price.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'
import { createTracking } from '../../src/tracking/tracking.ts'

/** Datasets whose rows are the days of a window: as small as what pipelines need of the data domain. */
function dayDatasets(blobs: BlobStore): DatasetsPart & { made: string[] } {
  const versions = new Map<string, DatasetVersionPart[]>()
  const made: string[] = []
  return {
    made,
    async version(_project, dataset, version) {
      const all = versions.get(dataset) ?? []
      const found = version === 'latest' ? all.at(-1) : all[version - 1]
      if (!found) throw new KedgeError('dataset_empty', { dataset })
      return found
    },
    async materialiseNow(_context, { project, dataset, from = 0, to = 0 }) {
      if (dataset === 'away') throw new KedgeError('source_unreachable', { source: 'away', what: 'no route' })
      const days = []
      for (let day = from; day < to; day += 86_400_000) days.push(new Date(day).toISOString().slice(0, 10))
      const { digest, bytes } = await blobs.put(Buffer.from(`${days.join('\n')}\n`))
      const all = versions.get(dataset) ?? []
      versions.set(dataset, all)
      const there = all.find((one) => one.digest === digest)
      if (there) return there
      const version = { project, dataset, version: all.length + 1, digest, bytes }
      made.push(`${dataset}@${version.version}`)
      all.push(version)
      return version
    },
    localFile: ({ digest }) => blobs.localPath(digest),
  }
}

export interface Stand {
  environment: Environment
  pipelines: ReturnType<typeof createPipelines>
  tracking: ReturnType<typeof createTracking>
  registry: ReturnType<typeof createRegistry>
  datasets: ReturnType<typeof dayDatasets>
  close(): Promise<void>
}

/** Everything that pipelines stand on, on real stores below `directory`. */
export async function openStand(
  directory: string,
  options: { store?: SqlStore; serverUrl?: string; node?: string; lease?: number; prices?: Prices } = {},
): Promise<Stand> {
  const store = options.store ?? (await openSqlite(directory, Date.now))
  const journal = createJournal(store)
  const node = options.node ?? `node-${process.pid}-${Math.random()}`
  const jobs = createJobs({
    store,
    journal,
    clock: Date.now,
    log: silentLog,
    node,
    pollInterval: 10,
    ...(options.lease ? { lease: options.lease } : {}),
  })
  const blobs = await openBlobDirectory(join(directory, 'blobs'))
  const environment: Environment = {
    store,
    journal,
    jobs,
    blobs,
    // pipelines have no use for it
    events: undefined as never,
    clock: Date.now,
    log: silentLog,
    node,
    dataDirectory: directory,
  }
  const datasets = dayDatasets(blobs)
  const tracking = createTracking(environment)
  const registry = createRegistry(environment, {
    tracking,
    files: {
      localFile: async (project, dataset, version) =>
        datasets.localFile(await datasets.version(project, dataset, version)),
    },
  })
  const pipelines = createPipelines(environment, {
    datasets,
    tracking,
    registry,
    executors,
    serverUrl: () => options.serverUrl,
    variables: process.env,
    ...(options.prices ? { prices: options.prices } : {}),
  })
  jobs.start()
  return {
    environment,
    pipelines,
    tracking,
    registry,
    datasets,
    async close() {
      await jobs.stop(100)
      await pipelines.stop()
      await store.close()
      await blobs.close()
    },
  }
}
