import type { Environment } from '../environment.ts'
import type { Change } from '../journal/journal.ts'
import { type EndpointKey, markStale } from './stale.ts'

/** Milliseconds after which actuals of another process that have not arrived are taken for left behind. */
const abandoned = 60_000

export interface ArrivingActuals {
  /** Says that actuals received at or after a time are about to be written; durable when it resolves. */
  begin(key: EndpointKey, receivedFrom: number): Promise<number>
  /** They are written and their hours marked: in the transaction that marks them. */
  end(change: Change, id: number): Promise<void>
  /** Marks the hours of what processes that died have written; of one endpoint, or of all. */
  mend(key?: EndpointKey): Promise<number>
}

/**
 * Actuals that come again unchanged mark nothing stale. So what was written before its hours were marked must be known:
 * a note is made before and taken away in the transaction that marks. A note that stays tells of a process that died between.
 */
export function createArrivingActuals({
  store,
  events,
  journal,
  jobs,
  node,
  clock,
}: Pick<Environment, 'store' | 'events' | 'journal' | 'jobs' | 'node' | 'clock'>): ArrivingActuals {
  return {
    begin: ({ project, endpoint }, receivedFrom) =>
      store.write(async ({ db, now }) => {
        const row = await db
          .insertInto('arriving_actuals')
          .values({ project, endpoint, node, received_from: receivedFrom, started_at: now })
          .returning('id')
          .executeTakeFirstOrThrow()
        return Number(row.id)
      }),

    async end(change, id) {
      await change.db.deleteFrom('arriving_actuals').where('id', '=', id).execute()
    },

    async mend(key) {
      let query = store.read.selectFrom('arriving_actuals').selectAll().where('node', '!=', node)
      if (key) query = query.where('project', '=', key.project).where('endpoint', '=', key.endpoint)
      // the embedded store has one process: others are dead
      if (store.kind !== 'sqlite') query = query.where('started_at', '<', clock() - abandoned)
      const left = await query.execute()
      for (const { id, project, endpoint, received_from } of left) {
        const hours = await events.query<{ hour: number }>(
          `SELECT DISTINCT toUnixTimestamp(toStartOfHour(time)) * 1000 AS hour FROM predictions
           WHERE project = {project:String} AND endpoint = {endpoint:String} AND id IN (
             SELECT id FROM actuals WHERE project = {project:String} AND endpoint = {endpoint:String}
               AND received_at >= toDateTime64({from:Int64} / 1000, 3, 'UTC'))`,
          { project, endpoint, from: Number(received_from) },
        )
        await journal.change({ actor: 'monitoring' }, async (change) => {
          await markStale(
            change,
            jobs,
            { project, endpoint },
            hours.map(({ hour }) => hour),
          )
          await change.db.deleteFrom('arriving_actuals').where('id', '=', id).execute()
        })
      }
      return left.length
    },
  }
}
