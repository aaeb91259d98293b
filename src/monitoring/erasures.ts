import type { Selectable } from 'kysely'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { JobHandler } from '../jobs/job.ts'
import type { ChangeContext } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { MonitoringTables } from '../storage/sql/tables/monitoring.ts'
import { hour } from './event-day.ts'
import { deleteRows, ofEndpoint, ofScope } from './raw-rows.ts'
import { createRecordedIds, createRecordedValues } from './recorded-ids.ts'
import { rollUpPerformance, rollUpProfiles } from './roll-up-days.ts'
import { type EndpointKey, markStale } from './stale.ts'

/** Whose rows: those of these ids, or those whose feature has this value. */
export type ErasureCondition = { ids: readonly string[] } | { feature: string; value: string | number }

export interface Erasure {
  id: number
  state: 'queued' | 'done'
  erasedAt: number
  erasedBy: string
  reason: string
  predictions: number
  actuals: number
  /** hours whose profiles are computed anew without the rows */
  corrected: number
  /**
   * Raw rows of times before it were gone already (null: none were): their profiles may still count the subject. Categories
   * that are the erased value itself are taken out of them all the same.
   */
  uncertainBefore: number | null
}

export interface Erasures {
  /** Deletes a subject's rows for good and corrects what was derived from them. Errors: `invalid_input`. */
  ask(context: ChangeContext, key: EndpointKey, condition: ErasureCondition, reason: string): Promise<Erasure>
  /** newest first */
  list(key: EndpointKey): Promise<Erasure[]>
}

const kind = 'monitoring.erase'
const ours =
  "(id IN {ids:Array(String)} OR ({feature:String} != '' AND (texts[{feature:String}] = {text:String} AND mapContains(texts, {feature:String}) OR {number:Nullable(Float64)} = numbers[{feature:String}] AND mapContains(numbers, {feature:String}))))"

function paramsOf(key: EndpointKey, condition: ErasureCondition) {
  const byId = 'ids' in condition
  return {
    ...key,
    scope: `endpoint/${key.endpoint}`,
    ids: byId ? condition.ids : [],
    feature: byId ? '' : condition.feature,
    text: byId ? '' : String(condition.value),
    number: byId || typeof condition.value !== 'number' ? null : condition.value,
  }
}

const toErasure = (row: Selectable<MonitoringTables['erasures']>): Erasure => ({
  id: Number(row.id),
  state: row.state,
  erasedAt: Number(row.erased_at),
  erasedBy: row.erased_by,
  reason: row.reason,
  predictions: Number(row.predictions),
  actuals: Number(row.actuals),
  corrected: Number(row.corrected),
  uncertainBefore: row.uncertain_before === null ? null : Number(row.uncertain_before),
})

/** Erasure of a subject's recorded rows. */
export function createErasures(
  { store, events, journal, jobs }: Pick<Environment, 'store' | 'events' | 'journal' | 'jobs'>,
  recordedIds = createRecordedIds({ store }),
  recordedValues = createRecordedValues({ store }),
): Erasures {
  return {
    async ask(context, key, given, reason) {
      if ('ids' in given ? given.ids.length === 0 : given.feature.startsWith('$'))
        throw new KedgeError('invalid_input', { what: 'An erasure names ids, or a feature and its value' })
      const recorded = await recordedIds(key)
      const condition =
        'ids' in given
          ? { ids: given.ids.map(recorded) }
          : { feature: given.feature, value: (await recordedValues(key))(given.feature, given.value) }
      const params = paramsOf(key, condition)
      const hours = await events.query<{ bucket: number; n: number }>(
        `SELECT toUnixTimestamp(toStartOfHour(time)) * 1000 AS bucket, uniqExact(id, revision) AS n FROM predictions
         WHERE ${ofEndpoint} AND ${ours} GROUP BY bucket ORDER BY bucket`,
        params,
      )
      const [actuals] = await events.query<{ n: number }>(
        `SELECT uniqExact(id) AS n FROM actuals WHERE ${ofEndpoint} AND
           (id IN {ids:Array(String)} OR id IN (SELECT id FROM predictions WHERE ${ofEndpoint} AND ${ours}))`,
        params,
      )
      const row = await journal.change(context, async (change) => {
        const endpoint = await change.db
          .selectFrom('monitored_endpoints')
          .select('raw_from')
          .where('project', '=', key.project)
          .where('name', '=', key.endpoint)
          .executeTakeFirst()
        const made = await change.db
          .insertInto('erasures')
          .values({
            ...key,
            state: 'queued',
            condition: toJson(condition),
            hours: toJson(hours.map(({ bucket }) => bucket)),
            erased_at: change.now,
            erased_by: context.actor,
            reason,
            predictions: hours.reduce((sum, { n }) => sum + n, 0),
            actuals: actuals!.n,
            corrected: hours.length,
            uncertain_before: endpoint?.raw_from ?? null,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        await jobs.enqueue(change, {
          kind,
          project: key.project,
          payload: { endpoint: key.endpoint, erasure: Number(made.id) },
          maxAttempts: 20,
        })
        return made
      })
      return toErasure(row)
    },

    async list(key) {
      const rows = await store.read
        .selectFrom('erasures')
        .selectAll()
        .where('project', '=', key.project)
        .where('endpoint', '=', key.endpoint)
        .orderBy('id', 'desc')
        .limit(200)
        .execute()
      return rows.map(toErasure)
    },
  }
}

/** Deletes the rows, and the profiles of their hours, which are then computed anew from what is left. */
export function createErasureJob({
  store,
  events,
  jobs,
}: Pick<Environment, 'store' | 'events' | 'jobs'>): JobHandler<{ endpoint: string; erasure: number }> {
  return {
    kind,
    async run(job, { signal }) {
      const key = { project: job.project, endpoint: job.payload.endpoint }
      const row = await store.read
        .selectFrom('erasures')
        .selectAll()
        .where('id', '=', job.payload.erasure)
        .executeTakeFirst()
      if (!row || row.state === 'done') return
      const condition = fromJson<ErasureCondition>(row.condition)
      const rawFrom = row.uncertain_before === null ? 0 : Number(row.uncertain_before)
      const hours = fromJson<number[]>(row.hours).filter((at) => at >= rawFrom)
      const params = {
        ...paramsOf(key, condition),
        hours: hours.map((at) => at / 1000),
        days: [...new Set(hours.map((at) => Math.floor(at / (24 * hour)) * 86_400))],
        rawFrom: rawFrom / 1000,
      }
      const kin = `SELECT id FROM predictions WHERE ${ofEndpoint} AND ${ours}`
      await deleteRows(events, 'actuals', `${ofEndpoint} AND (id IN {ids:Array(String)} OR id IN (${kin}))`, params)
      await deleteRows(events, 'attributions', `${ofScope} AND (id IN {ids:Array(String)} OR id IN (${kin}))`, params)
      await deleteRows(events, 'predictions', `${ofEndpoint} AND ${ours}`, params)
      for (const table of ['profiles', 'performance', 'samples'] as const)
        await deleteRows(events, table, `${ofScope} AND toUnixTimestamp(bucket) IN {hours:Array(UInt32)}`, params)
      for (const table of ['profile_days', 'performance_days'] as const)
        await deleteRows(events, table, `${ofScope} AND toUnixTimestamp(bucket) IN {days:Array(UInt32)}`, params)
      if (!('ids' in condition)) await forgetCategory(key, params, signal)
      return {
        async commit(change) {
          await markStale(change, jobs, key, hours)
          // those days are explained anew, without the rows
          await change.db
            .deleteFrom('explained_days')
            .where('project', '=', key.project)
            .where('scope', '=', params.scope)
            .where(
              'day',
              'in',
              params.days.map((at) => at * 1000),
            )
            .execute()
          await change.db
            .updateTable('erasures')
            // what was erased is not kept where it is said that it was
            .set({ state: 'done', condition: '{}', hours: '[]', corrected: hours.length })
            .where('id', '=', row.id)
            .execute()
          change.append({
            type: 'predictions.erased',
            project: key.project,
            subject: `endpoint/${key.endpoint}`,
            data: {
              endpoint: key.endpoint,
              erasure: Number(row.id),
              by: row.erased_by,
              reason: row.reason,
              predictions: Number(row.predictions),
              actuals: Number(row.actuals),
              corrected: hours.length,
              uncertainBefore: row.uncertain_before === null ? null : Number(row.uncertain_before),
            },
          })
        },
      }
    },
  }

  /** Takes a value out of the categories of profiles whose rows are gone. */
  async function forgetCategory(key: EndpointKey, params: Record<string, unknown>, signal: AbortSignal) {
    const scope = `endpoint/${key.endpoint}`
    const group = "segment = concat({feature:String}, '=', {text:String})"
    await deleteRows(events, 'importance_days', `${ofScope} AND ${group}`, params)
    const holding = `${ofScope} AND feature = {feature:String} AND mapContains(categories, {text:String})`
    const found = await events.query<{ bucket: number }>(
      `SELECT DISTINCT toUnixTimestamp(bucket) * 1000 AS bucket FROM profiles FINAL WHERE ${holding}`,
      params,
    )
    if (found.length === 0) return
    await events.command(
      `INSERT INTO profiles (project, scope, revision, segment, feature, bucket, computed_at, count, missing, sum, sum_squares, minimum,
         maximum, sketch_keys, sketch_counts, categories, centred)
       SELECT project, scope, revision, segment, feature, bucket, computed_at + 1, count - categories[{text:String}], missing, sum,
         sum_squares, minimum, maximum, sketch_keys, sketch_counts, mapFilter((name, n) -> name != {text:String}, categories), centred
       FROM profiles FINAL WHERE ${holding}`,
      params,
      { repeatable: true, signal },
    )
    for (const table of ['profiles', 'profile_days'] as const) await deleteRows(events, table, holding, params)
    for (const table of ['performance', 'performance_days'] as const)
      await deleteRows(events, table, `${ofScope} AND ${group}`, params)
    const hours = { project: key.project, scope, buckets: found.map(({ bucket }) => bucket) }
    await rollUpProfiles(events, hours, signal)
    await rollUpPerformance(events, hours, signal)
  }
}
