import type { Environment } from '../environment.ts'
import type { JobHandler } from '../jobs/job.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Change } from '../journal/journal.ts'
import { day as dayLength, dayOf } from './event-day.ts'
import type { ExplanationStore } from './explanation-store.ts'
import type { EndpointKey } from './stale.ts'

/** days back from the newest prediction that are explained */
const reach = 92
/** rows of a day without which it is not explained */
const fewest = 50
/** a day is explained again when it has so many times the rows */
const growth = 1.5

export interface DueDay {
  day: number
  revision: number
  rows: number
}

export interface ExplanationDue {
  /** Days of revisions that are to be explained, oldest first: later ones may be compared with them. */
  of(key: EndpointKey): Promise<DueDay[]>
  enqueue(change: Change, jobs: Jobs, key: EndpointKey): Promise<number | undefined>
}

/** Which days wait to be explained, counted from their profiles: without a look at the raw rows. */
export function createExplanationDue(
  { store: sql, events }: Pick<Environment, 'store' | 'events'>,
  store: ExplanationStore,
): ExplanationDue {
  return {
    async of({ project, endpoint }) {
      const known = await sql.read
        .selectFrom('monitored_endpoints')
        .select('last_prediction')
        .where('project', '=', project)
        .where('name', '=', endpoint)
        .executeTakeFirst()
      if (!known?.last_prediction) return []
      const to = dayOf(Number(known.last_prediction)) + dayLength
      const from = Math.max(0, to - reach * dayLength)
      const scope = `endpoint/${endpoint}`
      const counted = await events.query<DueDay>(
        `SELECT toUnixTimestamp(bucket) * 1000 AS day, revision, count AS rows FROM profile_days FINAL
         WHERE project = {project:String} AND scope = {scope:String} AND segment = '' AND feature = '$score'
           AND bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC') AND count >= ${fewest}
         ORDER BY day, revision`,
        { project, scope, from: from / 1000, to: to / 1000 },
      )
      const explained = new Map(
        (await store.days(project, scope, { from, to })).map((one) => [`${one.revision}/${one.day}`, one]),
      )
      return counted.filter(({ day, revision, rows }) => {
        const before = explained.get(`${revision}/${day}`)
        return !before || before.state === 'failed' || rows >= before.rows * growth
      })
    },
    enqueue: (change, jobs, { project, endpoint }) =>
      jobs.enqueue(change, {
        kind: 'monitoring.explain',
        project,
        payload: { endpoint },
        key: `${project}/${endpoint}`,
        priority: -10,
      }),
  }
}

/** Looks now and then at all endpoints, and has those explained that have days due. */
export const createExplanationRound = (
  { store, journal, jobs }: Pick<Environment, 'store' | 'journal' | 'jobs'>,
  due: ExplanationDue,
): JobHandler => ({
  kind: 'monitoring.explain_due',
  async run(job) {
    const endpoints = await store.read.selectFrom('monitored_endpoints').select(['project', 'name']).execute()
    for (const { project, name } of endpoints) {
      const key = { project, endpoint: name }
      if ((await due.of(key)).length > 0)
        await journal.change({ actor: job.actor }, async (change) => {
          await due.enqueue(change, jobs, key)
        })
    }
  },
})
