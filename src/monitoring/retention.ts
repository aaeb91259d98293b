import type { Environment } from '../environment.ts'
import type { JobHandler } from '../jobs/job.ts'
import type { Change } from '../journal/journal.ts'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import { day, dayOf } from './event-day.ts'
import { deleteRows, ofEndpoint, ofScope } from './raw-rows.ts'
import type { SettingsStore } from './settings-store.ts'
import type { EndpointKey } from './stale.ts'

const kind = 'monitoring.retain'
const nameOf = ({ project, endpoint }: EndpointKey) => `retain/${project}/${endpoint}`

/** Event time before which an endpoint's raw rows are gone; null while none are. */
export async function readRawFrom({ read }: Pick<SqlStore, 'read'>, key: EndpointKey): Promise<number | null> {
  const endpoint = await read
    .selectFrom('monitored_endpoints')
    .select('raw_from')
    .where('project', '=', key.project)
    .where('name', '=', key.endpoint)
    .executeTakeFirst()
  return endpoint?.raw_from == null ? null : Number(endpoint.raw_from)
}

/** Has an endpoint's old raw rows deleted every night from now on, or no longer. */
export async function planRetention(
  change: Change,
  { jobs }: Pick<Environment, 'jobs'>,
  key: EndpointKey,
  days: number | undefined,
): Promise<void> {
  const { project, endpoint } = key
  if (days === undefined) return jobs.unschedule(change, nameOf(key))
  await jobs.schedule(change, { name: nameOf(key), cron: '17 3 * * *', kind, project, payload: { endpoint } })
  await jobs.enqueue(change, { kind, project, payload: { endpoint }, key: `${project}/${endpoint}` })
}

/**
 * Deletes the predictions of days that are older than the settings keep them, their actuals and samples. Profiles, performance
 * and scores stay. Hours that are still to be profiled are waited for.
 */
export function createRetentionJob(
  { store, events, journal, clock }: Pick<Environment, 'store' | 'events' | 'journal' | 'clock'>,
  settings: SettingsStore,
): JobHandler<{ endpoint: string }> {
  return {
    kind,
    async run(job) {
      const key = { project: job.project, endpoint: job.payload.endpoint }
      const { retention_days: kept } = await settings.of(key)
      if (kept === undefined) return
      const stale = await store.read
        .selectFrom('stale_buckets')
        .select((e) => e.fn.min('bucket').as('first'))
        .where('project', '=', key.project)
        .where('endpoint', '=', key.endpoint)
        .executeTakeFirst()
      const wanted = dayOf(clock() - kept * day)
      const before = stale?.first == null ? wanted : Math.min(wanted, dayOf(Number(stale.first)))
      const params = { ...key, scope: `endpoint/${key.endpoint}`, before: before / 1000 }
      const old = "time < toDateTime64({before:UInt32}, 3, 'UTC')"
      const [found] = await events.query<{ n: number }>(
        `SELECT count() AS n FROM predictions WHERE ${ofEndpoint} AND ${old}`,
        params,
      )
      if (found!.n === 0) return
      // from now on nothing computes these hours anew: what is left of them is not all of them
      await journal.change({ actor: job.actor }, async (change) => {
        await change.db
          .updateTable('monitored_endpoints')
          .set({ raw_from: before })
          .where('project', '=', key.project)
          .where('name', '=', key.endpoint)
          .execute()
      })
      const kin = `id IN (SELECT id FROM predictions WHERE ${ofEndpoint} AND ${old})
        AND id NOT IN (SELECT id FROM predictions WHERE ${ofEndpoint} AND NOT (${old}))`
      await deleteRows(events, 'actuals', `${ofEndpoint} AND ${kin}`, params)
      await deleteRows(events, 'predictions', `${ofEndpoint} AND ${old}`, params)
      await deleteRows(events, 'samples', `${ofScope} AND bucket < toDateTime({before:UInt32}, 'UTC')`, params)
      return {
        result: { predictions: found!.n },
        async commit(change) {
          change.append({
            type: 'predictions.expired',
            project: key.project,
            subject: `endpoint/${key.endpoint}`,
            data: { endpoint: key.endpoint, before, predictions: found!.n, days: kept },
          })
        },
      }
    },
  }
}
