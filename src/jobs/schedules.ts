import { Cron } from 'croner'
import { KedgeError } from '../errors.ts'
import type { Change, Journal } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import type { NewJob } from './job.ts'

export interface Schedules {
  /** Enqueues the job of every schedule that is due, each in a transaction that also sets its next time. */
  fire(): Promise<void>
  /** Brings forward what is planned later than its next time from now, which happens when the clock was set back. */
  realign(): Promise<void>
  /** Declares that a job is enqueued by the clock; the same name again changes it. Missed times run once. */
  schedule(
    change: Change,
    schedule: { name: string; cron: string; timezone?: string; kind: string; project: string; payload: unknown },
  ): Promise<void>
  unschedule(change: Change, name: string): Promise<void>
}

/** Jobs that the clock enqueues. Several processes may fire at once: the one that moves the next time enqueues. */
export function createSchedules({
  store,
  journal,
  clock,
  enqueue,
}: {
  store: SqlStore
  journal: Journal
  clock: () => number
  enqueue(change: Change, job: NewJob): Promise<number | undefined>
}): Schedules {
  return {
    async fire() {
      const due = await store.read.selectFrom('job_schedules').selectAll().where('next_at', '<=', clock()).execute()
      for (const schedule of due)
        await journal.change({ actor: `schedule/${schedule.name}` }, async (change) => {
          const next = new Cron(schedule.cron, { timezone: schedule.timezone }).nextRun(new Date(change.now))
          const moved = await change.db
            .updateTable('job_schedules')
            .set({ next_at: next?.getTime() ?? Number.MAX_SAFE_INTEGER })
            .where('name', '=', schedule.name)
            .where('next_at', '=', schedule.next_at)
            .executeTakeFirst()
          if (moved.numUpdatedRows > 0n)
            await enqueue(change, {
              kind: schedule.kind,
              key: `schedule/${schedule.name}`,
              project: schedule.project,
              payload: fromJson(schedule.payload),
            })
        })
    },
    async realign() {
      const now = clock()
      for (const { name, cron, timezone, next_at } of await store.read
        .selectFrom('job_schedules')
        .selectAll()
        .where('next_at', '>', now)
        .execute()) {
        const next = new Cron(cron, { timezone }).nextRun(new Date(now))?.getTime()
        if (next === undefined || next >= next_at) continue
        await store.write(({ db }) =>
          db
            .updateTable('job_schedules')
            .set({ next_at: next })
            .where('name', '=', name)
            .where('next_at', '=', next_at)
            .execute(),
        )
      }
    },
    async schedule(change, schedule) {
      const timezone = schedule.timezone ?? 'UTC'
      let next: Date | null
      try {
        next = new Cron(schedule.cron, { timezone }).nextRun(new Date(change.now))
      } catch (cause) {
        throw new KedgeError('invalid_input', { what: `"${schedule.cron}" is not a cron expression` }, { cause })
      }
      const row = {
        name: schedule.name,
        cron: schedule.cron,
        timezone,
        next_at: next?.getTime() ?? Number.MAX_SAFE_INTEGER,
        kind: schedule.kind,
        project: schedule.project,
        payload: toJson(schedule.payload),
      }
      await change.db
        .insertInto('job_schedules')
        .values(row)
        .onConflict((c) => c.column('name').doUpdateSet(row))
        .execute()
    },
    async unschedule(change, name) {
      await change.db.deleteFrom('job_schedules').where('name', '=', name).execute()
    },
  }
}
