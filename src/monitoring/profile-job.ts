import type { Environment } from '../environment.ts'
import type { JobHandler } from '../jobs/job.ts'
import { mergeSlices } from '../statistics/slice.ts'
import { aspectSource } from './columns/aspect-source.ts'
import { forgetStatement } from './columns/forget-profiles.ts'
import { createColumnWatch } from './columns/watch-columns.ts'
import { loadDaySlices } from './day-slices.ts'
import { day } from './event-day.ts'
import { windowOf } from './monitor-settings.ts'
import { performanceStatement, predictionSource, profileStatement, sampleStatement } from './profile-sql.ts'
import type { Reference, References } from './reference.ts'
import { createRest } from './rest.ts'
import { readRawFrom } from './retention.ts'
import { rollUpPerformance, rollUpProfiles } from './roll-up-days.ts'
import { chooseSegments } from './segments.ts'
import type { SettingsStore } from './settings-store.ts'
import { type EndpointKey, enqueueEvaluate, enqueueProfile, markEnds, markStale, nextMark } from './stale.ts'
import type { DescribeEndpoint } from './watched-revision.ts'
import { endsHolding } from './windows/window-bounds.ts'

/** Hours that one statement recomputes. */
const BATCH = 200

export interface ProfileJobDependencies {
  environment: Pick<Environment, 'store' | 'events' | 'journal' | 'jobs' | 'clock'>
  describe: DescribeEndpoint
  references: References
  settings: SettingsStore
}

/**
 * Recomputes the profiles of stale hours from the raw rows. An hour that is marked again meanwhile keeps its mark; the
 * rows are written with the counter as their version, taken before anything is read, so an older run never wins. The days of
 * the hours are rolled up anew; when control dies before, the hours are still marked and all of it is done again.
 */
export function createProfileJob({
  environment,
  describe,
  references,
  settings,
}: ProfileJobDependencies): JobHandler<{ endpoint: string }> {
  const { store, events, journal, jobs, clock } = environment
  const columnWatch = createColumnWatch(environment)
  const rest = createRest()

  /** The references of its revisions, by number. */
  async function referencesOf(key: EndpointKey) {
    const { revisions, threshold } = await describe(key)
    const { segments: declared, labels } = await settings.of(key)
    const found = new Map<number, Reference>()
    for (const revision of revisions) {
      const reference = await references.of(key.project, revision, threshold, declared)
      if (reference) found.set(revision.revision, reference)
    }
    return { found, threshold, declared, labels }
  }

  async function segmentsOf(
    key: EndpointKey,
    at: number,
    { found: held, threshold, declared }: Awaited<ReturnType<typeof referencesOf>>,
  ): Promise<{ segments: string[]; threshold: number }> {
    const found = new Set([...held.values()].flatMap((reference) => reference.segments))
    if (found.size === 0) {
      const days = await loadDaySlices(events, {
        project: key.project,
        scope: `endpoint/${key.endpoint}`,
        from: at - 28 * day,
        to: at + day,
      })
      for (const segment of chooseSegments(mergeSlices(days.map((d) => d.slice)), declared)) found.add(segment)
    }
    return { segments: [...found], threshold }
  }

  return {
    kind: 'monitoring.profile',
    async run(job, { signal }) {
      const key = { project: job.project, endpoint: job.payload.endpoint }
      const resting = rest.left(key)
      // it waits in the queue: other endpoints are computed meanwhile
      if (resting > 0)
        return {
          async commit(change) {
            await enqueueProfile(change, jobs, key, clock() + resting)
          },
        }
      const began = performance.now()
      const version = await journal.change({ actor: job.actor }, (change) => nextMark(change, key))
      const stale = await store.read
        .selectFrom('stale_buckets')
        .select(['bucket', 'mark'])
        .where('project', '=', key.project)
        .where('endpoint', '=', key.endpoint)
        .orderBy('bucket')
        .limit(BATCH)
        .execute()
      if (stale.length === 0) return
      const rawFrom = (await readRawFrom(store, key)) ?? 0
      // retention has taken their rows: what came since is not all of them
      if (stale.some((row) => Number(row.bucket) < rawFrom))
        return {
          async commit(change) {
            await change.db
              .deleteFrom('stale_buckets')
              .where('project', '=', key.project)
              .where('endpoint', '=', key.endpoint)
              .where('bucket', '<', rawFrom)
              .execute()
            await enqueueProfile(change, jobs, key)
          },
        }
      const buckets = stale.map((row) => Number(row.bucket))
      const held = await referencesOf(key)
      const { columns, again } = await columnWatch.of(
        key,
        buckets,
        new Map([...held.found].map(([revision, { columns: known }]) => [revision, known])),
      )
      const source = aspectSource(predictionSource(key.project, key.endpoint, buckets, held.labels), columns)
      const scope = `endpoint/${key.endpoint}`
      const params = { ...source.params, scope, version }
      await events.command(profileStatement(source), params, { repeatable: true, signal })
      await events.command(sampleStatement(source), params, { repeatable: true, signal })
      const forget = forgetStatement(
        columns,
        'project = {project:String} AND scope = {scope:String} AND toUnixTimestamp(bucket) IN {buckets:Array(UInt32)}',
      )
      if (forget) await events.command(forget, params, { repeatable: true, signal })
      const hours = { project: key.project, scope, buckets }
      // without a reference these days say which segments there are
      await rollUpProfiles(events, hours, signal)
      const { segments, threshold } = await segmentsOf(key, buckets.at(-1)!, held)
      await events.command(
        performanceStatement(source),
        { ...params, segments, threshold },
        { repeatable: true, signal },
      )
      await rollUpPerformance(events, hours, signal)
      const [joined] = await events.query<{ last: number }>(
        `SELECT toUnixTimestamp(max(bucket)) * 1000 AS last FROM performance FINAL
         WHERE project = {project:String} AND scope = {scope:String} AND segment = '' AND count > 0
           AND toUnixTimestamp(bucket) IN {buckets:Array(UInt32)}`,
        { project: key.project, scope, buckets: buckets.map((bucket) => bucket / 1000) },
        { signal },
      )
      const spec = windowOf(await settings.of(key))
      const took = performance.now() - began
      return {
        result: { buckets: buckets.length },
        async commit(change) {
          let isStale = false
          for (const { bucket, mark } of stale) {
            const { numDeletedRows } = await change.db
              .deleteFrom('stale_buckets')
              .where('project', '=', key.project)
              .where('endpoint', '=', key.endpoint)
              .where('bucket', '=', bucket)
              .where('mark', '=', mark)
              .executeTakeFirstOrThrow()
            if (numDeletedRows === 0n) isStale = true
          }
          change.onCommit(() => rest.after(key, took, isStale))
          await markEnds(change, key, endsHolding(spec, buckets), version)
          await markStale(change, jobs, key, again)
          const last = joined!.last
          if (last > 0)
            await change.db
              .updateTable('monitored_endpoints')
              .set({ last_actual: last })
              .where('project', '=', key.project)
              .where('name', '=', key.endpoint)
              .where((where) => where.or([where('last_actual', 'is', null), where('last_actual', '<', last)]))
              .execute()
          const left = await change.db
            .selectFrom('stale_buckets')
            .select('bucket')
            .where('project', '=', key.project)
            .where('endpoint', '=', key.endpoint)
            .limit(1)
            .executeTakeFirst()
          if (left) await enqueueProfile(change, jobs, key)
          await enqueueEvaluate(change, jobs, key)
        },
      }
    },
  }
}
