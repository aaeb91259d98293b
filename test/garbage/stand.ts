import { mkdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { openBlobDirectory } from '../../src/adapters/blobs/directory.ts'
import type { BlobStore } from '../../src/contracts/blob-store.ts'
import { createGarbage } from '../../src/garbage/create-garbage.ts'
import type { GarbageReport } from '../../src/garbage/garbage-report.ts'
import { nameBlobs } from '../../src/garbage/name-blobs.ts'
import { createJobs } from '../../src/jobs/jobs.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { silentLog } from '../../src/log.ts'
import { createRegistryCollection } from '../../src/registry/collect.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'
import { createTrackingCollection } from '../../src/tracking/collect.ts'
import { createTracking } from '../../src/tracking/tracking.ts'

export const context = { actor: 'test' }
export const day = 86_400_000

/** Tracking, registry and the collection of garbage on real stores below `directory`; the clock can be set forward. */
export async function openStand(
  directory: string,
  options: { store?: (clock: () => number) => Promise<SqlStore>; blobs?: (blobs: BlobStore) => BlobStore } = {},
) {
  await mkdir(directory, { recursive: true })
  let ahead = 0
  const clock = () => Date.now() + ahead
  const store = await (options.store?.(clock) ?? openSqlite(directory, clock))
  const journal = createJournal(store)
  const jobs = createJobs({ store, journal, clock, log: silentLog, node: `gc-${process.pid}`, pollInterval: 10 })
  const folder = await openBlobDirectory(join(directory, 'blobs'))
  const blobs = options.blobs?.(folder) ?? folder
  const environment = { store, journal, jobs, blobs, clock, log: silentLog, dataDirectory: directory }
  const tracking = createTracking(environment)
  const registry = createRegistry(environment, {
    tracking,
    files: {
      localFile: async () => {
        throw new Error('no datasets here')
      },
    },
  })
  const garbage = createGarbage({
    environment,
    columns: nameBlobs,
    tracking: createTrackingCollection(environment),
    registry: createRegistryCollection(environment),
  })
  jobs.start()
  return {
    store,
    journal,
    jobs,
    blobs,
    tracking,
    registry,
    garbage,
    later(milliseconds: number) {
      ahead += milliseconds
    },
    async collect(dryRun: boolean, graceMs = 7 * day): Promise<GarbageReport> {
      const { jobId } = await garbage.start(context, { dryRun, graceMs })
      return (await jobs.wait(jobId)).result as GarbageReport
    },
    /** Makes every blob look as if it had been put days ago. */
    async age(days: number) {
      const time = new Date(Date.now() - days * day)
      for await (const { digest } of blobs.list()) await utimes(await blobs.localPath(digest), time, time)
    },
    async digests() {
      const found = new Set<string>()
      for await (const { digest } of blobs.list()) found.add(digest)
      return found
    },
    async close() {
      await jobs.stop(100)
      await store.close()
      await blobs.close()
    },
  }
}

export type Stand = Awaited<ReturnType<typeof openStand>>
