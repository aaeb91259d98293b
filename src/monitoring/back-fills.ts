import type { Environment } from '../environment.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { day, hour } from './event-day.ts'
import { windowOf } from './monitor-settings.ts'
import type { SettingsStore } from './settings-store.ts'
import { type EndpointKey, enqueueEvaluate, markEnds, nextMark } from './stale.ts'
import { endsHolding } from './windows/window-bounds.ts'

export interface BackFill {
  state: 'idle' | 'queued' | 'running' | 'done' | 'failed'
  /** windows end in (from, to], event time */
  from: number | null
  to: number | null
  windows: number
  done: number
  error: string | null
}

export interface BackFills {
  /** Has the windows that end in (from, to] evaluated anew: all there are when absent. Repeating it begins again. */
  ask(context: ChangeContext, key: EndpointKey, range?: { from?: number; to?: number }): Promise<BackFill>
  state(key: EndpointKey): Promise<BackFill>
  /** The same as `ask` for the last `days` days, in a transaction that changes what windows are judged by. */
  mark(change: Change, key: EndpointKey, days: number): Promise<void>
}

/** Evaluation of old windows by new definitions, with its progress: the marks that are left. */
export function createBackFills(
  { store, journal, jobs }: Pick<Environment, 'store' | 'journal' | 'jobs'>,
  settings: SettingsStore,
): BackFills {
  async function mark(change: Change, key: EndpointKey, range: { from?: number; to?: number }) {
    const spec = windowOf(await settings.of(key))
    const row = await change.db
      .selectFrom('monitored_endpoints')
      .select(['first_prediction', 'last_prediction'])
      .where('project', '=', key.project)
      .where('name', '=', key.endpoint)
      .executeTakeFirst()
    if (row?.first_prediction == null || row.last_prediction == null) return
    const from = Math.max(Number(row.first_prediction), range.from ?? 0)
    const to = Math.min(Number(row.last_prediction), range.to ?? Number(row.last_prediction))
    const step = spec.kind === 'rolling' && spec.step % day !== 0 ? hour : day
    const hours = Array.from({ length: Math.max(0, Math.ceil((to - from) / step) + 1) }, (_, i) => from + i * step)
    const ends = [...endsHolding(spec, hours)].filter((end) => end > from && end <= to)
    await markEnds(change, key, ends, await nextMark(change, key))
    const values = {
      from_time: from,
      to_time: to,
      windows: ends.length,
      asked_at: change.now,
      asked_by: change.context.actor,
    }
    await change.db
      .insertInto('back_fills')
      .values({ ...key, ...values })
      .onConflict((c) => c.columns(['project', 'endpoint']).doUpdateSet(values))
      .execute()
    await enqueueEvaluate(change, jobs, key)
  }

  async function state(key: EndpointKey): Promise<BackFill> {
    const asked = await store.read
      .selectFrom('back_fills')
      .selectAll()
      .where('project', '=', key.project)
      .where('endpoint', '=', key.endpoint)
      .executeTakeFirst()
    if (!asked) return { state: 'idle', from: null, to: null, windows: 0, done: 0, error: null }
    const [left, job] = await Promise.all([
      store.read
        .selectFrom('stale_windows')
        .select((e) => e.fn.countAll<number>().as('n'))
        .where('project', '=', key.project)
        .where('endpoint', '=', key.endpoint)
        .where('window_end', '>', Number(asked.from_time))
        .where('window_end', '<=', Number(asked.to_time))
        .executeTakeFirstOrThrow(),
      store.read
        .selectFrom('jobs')
        .select(['state', 'error'])
        .where('kind', '=', 'monitoring.evaluate')
        .where('project', '=', key.project)
        .where('payload', '=', JSON.stringify({ endpoint: key.endpoint }))
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst(),
    ])
    const windows = Number(asked.windows)
    const done = Math.max(0, windows - Number(left.n))
    const failed = done < windows && job?.state === 'failed'
    return {
      state: done === windows ? 'done' : failed ? 'failed' : job?.state === 'running' ? 'running' : 'queued',
      from: Number(asked.from_time),
      to: Number(asked.to_time),
      windows,
      done,
      error: failed ? ((JSON.parse(job.error ?? 'null') as { message?: string } | null)?.message ?? 'unknown') : null,
    }
  }

  return {
    state,
    async ask(context, key, range = {}) {
      await journal.change(context, (change) => mark(change, key, range))
      return state(key)
    },
    async mark(change, key, days) {
      const row = await change.db
        .selectFrom('monitored_endpoints')
        .select('last_prediction')
        .where('project', '=', key.project)
        .where('name', '=', key.endpoint)
        .executeTakeFirst()
      if (row?.last_prediction != null) await mark(change, key, { from: Number(row.last_prediction) - days * day })
    },
  }
}
