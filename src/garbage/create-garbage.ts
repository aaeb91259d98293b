import { setTimeout as sleep } from 'node:timers/promises'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import type { RegistryCollection } from '../registry/collect.ts'
import type { BlobColumn } from '../storage/blobs/blob-columns.ts'
import type { TrackingCollection } from '../tracking/collect.ts'
import { findOrphans, type Orphans } from './find-garbage.ts'
import { type GarbageReport, garbageReport } from './garbage-report.ts'

export interface GarbageOptions {
  environment: Pick<Environment, 'store' | 'journal' | 'jobs' | 'blobs' | 'clock'>
  /** every place that names blobs, of all domains */
  columns: readonly BlobColumn[]
  tracking: TrackingCollection
  registry: RegistryCollection
}

interface Request {
  dryRun: boolean
  graceMs: number
}

const jobKind = 'server.garbage'
const backupKind = 'server.backup'
/** Jobs that belong to no project are kept under this one. */
const serverProject = 'default'
/** A blob is put before it is named: younger ones may belong to something that is on its way, whatever the grace. */
const youngest = 3_600_000
/** how many go at once; between two batches a backup may begin */
const batch = 32

/**
 * Finds and collects what was deleted and what nothing needs. Registers its job. It may be killed at any moment: each
 * step is complete by itself, and the job is done again.
 */
export function createGarbage({ environment, columns, tracking, registry }: GarbageOptions) {
  const { jobs, journal, blobs, clock } = environment

  async function find(now: number, graceMs: number, signal: AbortSignal, progress: (text: string) => void) {
    const before = now - graceMs
    progress('looking for what was deleted')
    const all = await tracking.deleted(now + 1)
    const allVersions = await registry.deleted(now + 1)
    const things = all.filter((thing) => thing.deletedAt <= before)
    const versions = allVersions.filter((version) => version.deletedAt <= before)
    const orphans = await findOrphans(
      environment,
      columns,
      now - Math.max(graceMs, youngest),
      { things, versions },
      { signal, progress },
    )
    const waiting = all.length + allVersions.length - things.length - versions.length
    return { things, versions, orphans, waiting }
  }

  /** A backup names blobs as they were when it began: nothing is taken away under its hands. */
  async function waitForBackup(signal: AbortSignal, progress: (text: string) => void) {
    for (;;) {
      const running = await jobs.list({ kind: backupKind, state: 'running', limit: 1 })
      if (running.length === 0) return
      progress('waiting for a backup to end')
      await sleep(500, undefined, { signal })
    }
  }

  async function removeBlobs(
    orphans: Orphans,
    putBefore: number,
    signal: AbortSignal,
    progress: (text: string) => void,
  ): Promise<Orphans> {
    const gone: Orphans['blobs'] = []
    for (let i = 0; i < orphans.blobs.length; i += batch) {
      await waitForBackup(signal, progress)
      signal.throwIfAborted()
      await Promise.all(
        orphans.blobs.slice(i, i + batch).map(async (blob) => {
          if (await blobs.delete(blob.digest, { putBefore })) gone.push(blob)
        }),
      )
      progress(`${gone.length} of ${orphans.blobs.length} blobs are gone`)
    }
    return { ...orphans, blobs: gone }
  }

  jobs.handle<Request>({
    kind: jobKind,
    async run(job, { signal, progress }) {
      const { dryRun, graceMs } = job.payload
      const now = clock()
      const found = await find(now, graceMs, signal, progress)
      if (dryRun) return { result: garbageReport({ dryRun, graceMs }, found) satisfies GarbageReport }

      await waitForBackup(signal, progress)
      const context: ChangeContext = { actor: job.actor }
      await tracking.collect(context, found.things, async (count) => {
        progress(`${count} deleted things are gone`)
        signal.throwIfAborted()
        await waitForBackup(signal, progress)
      })
      await registry.collect(context, found.versions)
      // what was restored meanwhile names its blobs again: the names are read anew before anything is taken away
      const before = now - Math.max(graceMs, youngest)
      const fresh = await findOrphans(environment, columns, before, { things: [], versions: [] }, { signal, progress })
      const orphans = await removeBlobs(fresh, before, signal, progress)
      const report = garbageReport({ dryRun, graceMs }, { ...found, orphans })
      return {
        result: report,
        async commit(change) {
          const { runs, experiments, loggedModels, modelVersions, bytes } = report
          change.append({
            type: 'garbage.collected',
            project: '',
            subject: `job/${job.id}`,
            data: { graceMs, runs, experiments, loggedModels, modelVersions, blobs: report.blobs, bytes },
          })
        },
      }
    },
  })

  return {
    /** Enqueues a collection, or with `dryRun` a look at what it would take; the job's result is a GarbageReport. */
    async start(context: ChangeContext, request: Request): Promise<{ jobId: number; project: string }> {
      const jobId = await journal.change(context, (change) =>
        jobs.enqueue(change, {
          kind: jobKind,
          project: serverProject,
          payload: request,
          key: request.dryRun ? 'look' : 'collect',
          // whatever kills the server, what is left is done at the next start
          maxAttempts: 20,
        }),
      )
      if (jobId === undefined) throw new KedgeError('conflict', { what: 'A collection of garbage waits already' })
      return { jobId, project: serverProject }
    },
  }
}

export type Garbage = ReturnType<typeof createGarbage>
