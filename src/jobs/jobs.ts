// Over 300 lines: claiming, running, ending and stopping share the set of jobs that run in this process.
import { asKedgeError, KedgeError } from '../errors.ts'
import { createFailureLog } from '../journal/failure-log.ts'
import type { Change, Journal } from '../journal/journal.ts'
import type { Logger } from '../log.ts'
import { toJson } from '../storage/sql/json-column.ts'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import type { JobState, JobTables } from '../storage/sql/tables/jobs.ts'
import { claimJobs } from './claim-jobs.ts'
import { insertJob } from './insert-job.ts'
import type { Job, JobHandler, JobOutcome, NewJob } from './job.ts'
import { contextOf } from './job-context.ts'
import { toJob } from './job-row.ts'
import { createSchedules, type Schedules } from './schedules.ts'

export interface Jobs extends Pick<Schedules, 'schedule' | 'unschedule'> {
  /** Adds a job in the caller's transaction. Returns its id, or undefined when one with its key waits already. */
  enqueue(change: Change, job: NewJob): Promise<number | undefined>
  handle<Payload>(handler: JobHandler<Payload>): void
  /** Starts claiming; handlers added later are served too. */
  start(): void
  /** Lets running jobs finish for `grace` milliseconds, then aborts them (they are tried again elsewhere). */
  stop(grace?: number): Promise<void>
  get(id: number): Promise<Job>
  list(filter?: { project?: string; kind?: string; state?: JobState; limit?: number }): Promise<Job[]>
  /** A queued job ends at once, a running one is asked to stop. */
  cancel(change: Change, id: number): Promise<void>
  /** Resolves when the job has ended. Errors: the job's own when it failed. */
  wait(id: number, signal?: AbortSignal): Promise<Job>
}

export interface JobsEnvironment {
  store: SqlStore
  journal: Journal
  clock: () => number
  log: Logger
  /** names this process in leases */
  node: string
  /** how long a silent process keeps its jobs, in milliseconds */
  lease?: number
  pollInterval?: number
}

const keepFinished = 14 * 86_400_000

/** The queue over the SQL store: leases, retries with backoff, schedules. One code path on both kinds of store. */
export function createJobs(environment: JobsEnvironment): Jobs {
  const { store, journal, clock, log, node } = environment
  const lease = environment.lease ?? 10_000
  const pollInterval = environment.pollInterval ?? 250
  const handlers = new Map<string, JobHandler>()
  const running = new Map<number, { job: Job; abort: AbortController; done: Promise<void> }>()
  const waiters = new Set<() => void>()
  const claiming = createFailureLog(log, {})
  const beating = createFailureLog(log, {})
  let started = false
  let stopping = false
  let wake: (() => void) | undefined
  let loop: Promise<void> | undefined
  let heartbeat: NodeJS.Timeout | undefined

  const enqueue: Jobs['enqueue'] = (change, job) => {
    change.onCommit(() => wake?.())
    return insertJob(change, job)
  }
  const schedules = createSchedules({ store, journal, clock, enqueue })
  const wakeWaiters = () => {
    for (const waiter of waiters) waiter()
  }
  const freeSlots = () => {
    const slots = new Map<string, number>()
    for (const handler of handlers.values()) slots.set(handler.kind, handler.concurrency ?? 1)
    for (const { job } of running.values()) slots.set(job.kind, (slots.get(job.kind) ?? 0) - 1)
    return slots
  }

  /** Ends a job (or sends it back) if this process still holds it; `commit` shares the transaction. */
  const settle = (job: Job, fields: Partial<JobTables['jobs']>, commit?: (change: Change) => Promise<void>) =>
    journal.change(contextOf(job), async (change) => {
      const held = await change.db
        .updateTable('jobs')
        .set({ ...(fields as object), leased_by: null, leased_until: 0 })
        .where('id', '=', job.id)
        .where('leased_by', '=', node)
        .where('state', '=', 'running')
        .where('attempts', '=', job.attempts)
        .executeTakeFirst()
      if (held.numUpdatedRows === 0n)
        throw new KedgeError('conflict', { what: `Job ${job.id} is no longer held by this process` })
      await commit?.(change)
    })

  async function fail(job: Job, thrown: unknown, cancelled: boolean) {
    const error = cancelled ? new KedgeError('cancelled', { what: `Job ${job.id}` }) : asKedgeError(thrown)
    if (error.class === 'internal') log.error({ job: job.id, kind: job.kind, err: thrown }, 'a job failed')
    const again =
      !cancelled &&
      job.attempts < job.maxAttempts &&
      (error.class === 'internal' || error.class === 'unavailable' || error.class === 'overloaded')
    if (again) {
      const runAt = clock() + Math.min(1000 * 2 ** (job.attempts - 1), 60_000)
      // its key may belong to a younger job by now
      await settle(job, { state: 'queued', key: null, run_at: runAt, error: toJson(error) })
      return
    }
    const handler = handlers.get(job.kind)
    const shown = { code: error.code, message: error.message, todo: error.todo }
    await settle(
      job,
      { state: cancelled ? 'cancelled' : 'failed', finished_at: clock(), error: toJson(error) },
      async (change) => handler?.failed?.(job, shown, change),
    )
  }

  async function run(job: Job, abort: AbortController) {
    const handler = handlers.get(job.kind)!
    let lastProgress = 0
    const context = {
      signal: abort.signal,
      log: log.child({ job: job.id, kind: job.kind }),
      progress(value: unknown) {
        const now = clock()
        if (now - lastProgress < 200) return
        lastProgress = now
        void store
          .write(({ db }) =>
            db
              .updateTable('jobs')
              .set({ progress: toJson(value) })
              .where('id', '=', job.id)
              .where('leased_by', '=', node)
              .execute(),
          )
          .catch(() => {})
      },
    }
    try {
      if (job.attempts > job.maxAttempts)
        throw new KedgeError(
          'conflict',
          { what: `The process that ran job ${job.id} died ${job.maxAttempts} times` },
          { todo: 'See the log for why it died; start the job again when that is mended.' },
        )
      const outcome: JobOutcome = (await handler.run(job, context)) ?? {}
      await settle(
        job,
        { state: 'succeeded', finished_at: clock(), error: null, result: toJson(outcome.result ?? null) },
        outcome.commit,
      )
    } catch (error) {
      const reason = abort.signal.aborted ? abort.signal.reason : undefined
      if (reason === 'lost') return
      if (reason === 'stopping') {
        await settle(job, { state: 'queued', key: null, attempts: job.attempts - 1 }).catch(() => {})
        return
      }
      await fail(job, error, reason === 'cancelled').catch((failure) =>
        log.error({ job: job.id, err: failure }, 'a job could not be ended'),
      )
    }
  }

  function begin(job: Job) {
    const abort = new AbortController()
    const done = run(job, abort).finally(() => {
      running.delete(job.id)
      wakeWaiters()
      wake?.()
    })
    running.set(job.id, { job, abort, done })
  }

  async function beat() {
    if (running.size === 0) return
    const ids = [...running.keys()]
    await store.write(({ db, now }) =>
      db
        .updateTable('jobs')
        .set({ leased_until: now + lease })
        .where('id', 'in', ids)
        .where('leased_by', '=', node)
        .execute(),
    )
    const rows = await store.read
      .selectFrom('jobs')
      .select(['id', 'leased_by', 'state', 'cancel_requested'])
      .where('id', 'in', ids)
      .execute()
    for (const row of rows) {
      const entry = running.get(row.id)
      if (!entry) continue
      if (row.leased_by !== node || row.state !== 'running') entry.abort.abort('lost')
      else if (row.cancel_requested) entry.abort.abort('cancelled')
    }
  }

  async function work() {
    let nextChores = 0
    let seen = Number.POSITIVE_INFINITY
    if (store.kind === 'sqlite') await releaseAll()
    while (!stopping) {
      try {
        const now = clock()
        // the clock was set back, perhaps while nobody ran: what was planned by the wrong time would wait for it
        if (now < seen) {
          await schedules.realign()
          nextChores = 0
          nextPrune = 0
        }
        seen = now
        if (now >= nextChores) {
          nextChores = now + 1000
          await schedules.fire()
          await prune()
        }
        const claimed = await claimJobs(store, journal, {
          node,
          now: clock(),
          lease,
          slots: freeSlots(),
          running: [...running.keys()],
        })
        claiming.succeeded()
        for (const row of claimed) begin(toJob(row))
        if (claimed.length > 0) continue
      } catch (error) {
        if (!stopping) claiming.failed(error, 'the queue cannot claim jobs')
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollInterval)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
        if (stopping) wake()
      })
    }
  }

  /** The embedded store has one process: whatever is leased when it starts belonged to one that has died. */
  const releaseAll = () =>
    store.write(({ db }) =>
      db
        .updateTable('jobs')
        .set({ leased_until: 0 })
        .where('state', '=', 'running')
        .where('leased_by', '!=', node)
        .execute(),
    )

  let nextPrune = 0
  async function prune() {
    if (clock() < nextPrune) return
    nextPrune = clock() + 3_600_000
    await store.write(({ db, now }) =>
      db
        .deleteFrom('jobs')
        .where('finished_at', '<', now - keepFinished)
        .execute(),
    )
  }

  const jobs: Jobs = {
    schedule: schedules.schedule,
    unschedule: schedules.unschedule,
    enqueue,
    handle(handler) {
      handlers.set(handler.kind, handler as JobHandler)
      wake?.()
    },
    start() {
      if (started) return
      started = true
      loop = work()
      heartbeat = setInterval(
        () =>
          void beat().then(
            () => beating.succeeded(),
            (error) => beating.failed(error, 'the queue cannot renew its leases'),
          ),
        Math.min(lease / 3, 500),
      )
    },
    async stop(grace = 5000) {
      stopping = true
      wake?.()
      await loop
      const all = () => Promise.all([...running.values()].map((entry) => entry.done))
      await Promise.race([all(), new Promise((done) => setTimeout(done, grace).unref())])
      for (const entry of running.values()) entry.abort.abort('stopping')
      await Promise.race([all(), new Promise((done) => setTimeout(done, 5000).unref())])
      clearInterval(heartbeat)
    },
    async get(id) {
      const row = await store.read.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst()
      if (!row) throw new KedgeError('not_found', { kind: 'Job', name: id })
      return toJob(row)
    },
    async list(filter = {}) {
      let query = store.read
        .selectFrom('jobs')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(filter.limit ?? 100)
      if (filter.project !== undefined) query = query.where('project', '=', filter.project)
      if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
      if (filter.state !== undefined) query = query.where('state', '=', filter.state)
      return (await query.execute()).map(toJob)
    },
    async cancel(change, id) {
      const row = await change.db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst()
      if (!row) throw new KedgeError('not_found', { kind: 'Job', name: id })
      if (row.state === 'running')
        await change.db.updateTable('jobs').set({ cancel_requested: 1 }).where('id', '=', id).execute()
      if (row.state !== 'queued') return
      const error = new KedgeError('cancelled', { what: `Job ${id}` }).toJSON()
      await change.db
        .updateTable('jobs')
        .set({ state: 'cancelled', finished_at: change.now, error: toJson(error) })
        .where('id', '=', id)
        .execute()
      await handlers.get(row.kind)?.failed?.(toJob(row), error, change)
      change.onCommit(wakeWaiters)
    },
    async wait(id, signal) {
      for (;;) {
        const job = await jobs.get(id)
        if (job.state === 'succeeded') return job
        if (job.state === 'failed' || job.state === 'cancelled')
          throw new KedgeError(
            'conflict',
            { what: job.error?.message ?? `Job ${id} ${job.state}` },
            job.error ? { todo: job.error.todo } : {},
          )
        signal?.throwIfAborted()
        await new Promise<void>((resolve) => {
          const done = () => {
            clearTimeout(timer)
            waiters.delete(done)
            resolve()
          }
          const timer = setTimeout(done, 250)
          waiters.add(done)
        })
      }
    },
  }
  return jobs
}
