import type { Environment } from '../environment.ts'
import type { JobHandler } from '../jobs/job.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Change } from '../journal/journal.ts'
import { day as dayLength } from './event-day.ts'
import type { ExplanationStore } from './explanation-store.ts'
import type { EndpointKey } from './stale.ts'

/** the newest days with rows enough, so many of which are explained */
const reach = 92
/** rows of a day without which it is not explained */
const fewest = 50
/** a day is explained again when it has so many times the rows */
const growth = 1.5

export interface DueDay {
  day: number
  revision: number
  rows: number
  /** from fewer rows */
  isExplained: boolean
}

export interface ExplanationDue {
  /** Days of revisions that are to be explained, oldest first: later ones may be compared with them. */
  of(key: EndpointKey): Promise<DueDay[]>
  enqueue(change: Change, jobs: Jobs, key: EndpointKey): Promise<number | undefined>
}

/** Which days wait to be explained, counted from their profiles: without a look at the raw rows. */
export function createExplanationDue({ events }: Pick<Environment, 'events'>, store: ExplanationStore): ExplanationDue {
  return {
    async of({ project, endpoint }) {
      const scope = `endpoint/${endpoint}`
      // the newest days that have rows, not the days before the newest row: one row with a wrong time would hide the rest
      const enough = `project = {project:String} AND scope = {scope:String} AND segment = '' AND feature = '$score' AND count >= ${fewest}`
      const counted = await events.query<Omit<DueDay, 'isExplained'>>(
        `SELECT toUnixTimestamp(bucket) * 1000 AS day, revision, count AS rows FROM profile_days FINAL
         WHERE ${enough} AND bucket IN (
           SELECT DISTINCT bucket FROM profile_days FINAL WHERE ${enough} ORDER BY bucket DESC LIMIT ${reach})
         ORDER BY day, revision`,
        { project, scope },
      )
      if (counted.length === 0) return []
      const [from, to] = [counted[0]!.day, counted.at(-1)!.day + dayLength]
      const explained = new Map(
        (await store.days(project, scope, { from, to })).map((one) => [`${one.revision}/${one.day}`, one]),
      )
      return counted.flatMap((one) => {
        const before = explained.get(`${one.revision}/${one.day}`)
        const isDue = !before || before.state === 'failed' || one.rows >= before.rows * growth
        return isDue ? [{ ...one, isExplained: before?.state === 'explained' }] : []
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
