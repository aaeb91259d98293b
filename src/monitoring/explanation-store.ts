import type { Environment } from '../environment.ts'
import type { ExplanationDefinition, Explanations } from '../serving/explain/explanation.ts'
import type { AttributionDrift } from '../statistics/attribution-drift.ts'
import type { ImportanceSums } from '../statistics/weighted-importance.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { RecordedRow } from './explanation-rows.ts'

export type StoredDefinition = ExplanationDefinition & {
  features: string[]
  base: number
  /** of an explained reference, its digest */
  reference?: string
}

/** Explained rows that others are compared with, and what they are in words. */
export interface Baseline {
  scope: string
  day: number
  revision: number
  text: string
}
export type StoredDrift = (AttributionDrift & { against: Baseline }) | { missing: string }

export interface ExplanationFilter {
  /** event time, milliseconds since 1970; the end is exclusive */
  from: number
  to: number
  revision?: number | undefined
}

/** A day of a revision that was explained, or could not be. */
export interface ExplainedDay {
  day: number
  revision: number
  computedAt: number
  state: 'explained' | 'failed' | 'unsupported'
  reason: string | null
  rows: number
  samples: number
  residual: number | null
  definition: StoredDefinition | null
  drift: StoredDrift | null
}

/** Of one feature of one day and segment. */
export interface DayImportance extends ImportanceSums {
  day: number
  revision: number
  feature: string
}

export interface StoredAttribution {
  id: string
  revision: number
  day: number
  time: number
  score: number
  base: number
  output: number
  residual: number
  attributions: number[]
}

export type ExplanationStore = ReturnType<typeof createExplanationStore>

const bucketKey = "concat(toString(revision), '/', toString(toUnixTimestamp(bucket)), '/', toString(computed_at))"
const keyOf = ({ revision, day, computedAt }: ExplainedDay) => `${revision}/${day / 1000}/${computedAt}`

/** What was explained: which days in SQL, the rows in the events store. Rows count when a day names their explanation. */
export function createExplanationStore({ store, events }: Pick<Environment, 'store' | 'events'>) {
  const segmented = (days: readonly ExplainedDay[], project: string, scope: string) => ({
    project,
    scope,
    keys: days.filter(({ state }) => state === 'explained').map(keyOf),
    revisions: [...new Set(days.map(({ revision }) => revision))],
    from: Math.min(...days.map(({ day }) => day)) / 1000,
    to: Math.max(...days.map(({ day }) => day)) / 1000,
  })
  const where = `project = {project:String} AND scope = {scope:String} AND revision IN {revisions:Array(UInt32)}
    AND toUnixTimestamp(bucket) >= {from:UInt32} AND toUnixTimestamp(bucket) <= {to:UInt32} AND ${bucketKey} IN {keys:Array(String)}`

  return {
    /** In time order; a newer explanation of a day is in place of the older one. */
    async days(project: string, scope: string, { from, to, revision }: ExplanationFilter): Promise<ExplainedDay[]> {
      let query = store.read
        .selectFrom('explained_days')
        .selectAll()
        .where('project', '=', project)
        .where('scope', '=', scope)
        .where('day', '>=', from)
        .where('day', '<', to)
      if (revision !== undefined) query = query.where('revision', '=', revision)
      const rows = await query.orderBy('day').orderBy('revision').execute()
      return rows.map((row) => ({
        day: Number(row.day),
        revision: Number(row.revision),
        computedAt: Number(row.computed_at),
        state: row.state,
        reason: row.reason,
        rows: Number(row.rows),
        samples: Number(row.samples),
        residual: row.residual,
        definition: fromJson<StoredDefinition>(row.definition),
        drift: fromJson<StoredDrift>(row.drift),
      }))
    },

    /** Keeps the explained rows; `segments` says of which groups of rows the importance is kept beside that of all. */
    async write(
      at: { project: string; scope: string; day: number; revision: number; computedAt: number; rows: number },
      recorded: readonly Pick<RecordedRow, 'id' | 'time'>[],
      explained: Explanations,
      segments: ReadonlyMap<string, readonly number[]>,
    ): Promise<void> {
      const { project, scope, day, revision, computedAt, rows } = at
      const shared = { project, scope, revision, bucket: day / 1000, computed_at: computedAt }
      const token = `explained/${project}/${scope}/${revision}/${day}/${computedAt}`
      await events.insert(
        'attributions',
        recorded.map(({ id, time }, i) => ({
          ...shared,
          id,
          time,
          score: explained.scores[i]!,
          base: explained.base,
          output: explained.outputs[i]!,
          residual: explained.residuals[i]!,
          attributions: explained.values[i]!,
        })),
        { token },
      )
      const importance = [...segments].flatMap(([segment, members]) =>
        explained.features.map((feature, j) => {
          const values = members.map((i) => explained.values[i]![j]!)
          const sum = (of: (x: number) => number) => values.reduce((total, x) => total + of(x), 0)
          return {
            ...shared,
            segment,
            feature,
            // a segment's part of the sample stands for the same part of the rows
            rows: Math.round((rows * members.length) / recorded.length),
            samples: members.length,
            sum: sum((x) => x),
            sum_abs: sum(Math.abs),
            sum_squares: sum((x) => x * x),
          }
        }),
      )
      await events.insert('importance_days', importance, { token: `${token}/importance` })
    },

    /** Writes what became of a day; called in a change. */
    record(project: string, scope: string, found: ExplainedDay) {
      const row = {
        project,
        scope,
        day: found.day,
        revision: found.revision,
        computed_at: found.computedAt,
        state: found.state,
        reason: found.reason,
        rows: found.rows,
        samples: found.samples,
        residual: found.residual,
        definition: found.definition && toJson(found.definition),
        drift: found.drift && toJson(found.drift),
      }
      return store.write(({ db }) =>
        db
          .insertInto('explained_days')
          .values(row)
          .onConflict((c) => c.columns(['project', 'scope', 'revision', 'day']).doUpdateSet(row))
          .execute(),
      )
    },

    async importance(
      project: string,
      scope: string,
      days: readonly ExplainedDay[],
      segment: string,
    ): Promise<DayImportance[]> {
      if (!days.some(({ state }) => state === 'explained')) return []
      return events.query<DayImportance>(
        `SELECT toUnixTimestamp(bucket) * 1000 AS day, revision, feature, rows, samples, sum, sum_abs AS sumAbs,
           sum_squares AS sumSquares
         FROM importance_days FINAL WHERE ${where} AND segment = {segment:String} ORDER BY day, revision`,
        { ...segmented(days, project, scope), segment },
      )
    },

    /** Segments of the days, those with most rows first. */
    async segments(project: string, scope: string, days: readonly ExplainedDay[]): Promise<string[]> {
      if (!days.some(({ state }) => state === 'explained')) return []
      const found = await events.query<{ segment: string }>(
        `SELECT segment FROM importance_days FINAL WHERE ${where} AND segment != '' GROUP BY segment
         ORDER BY sum(samples) DESC, segment LIMIT 100`,
        segmented(days, project, scope),
      )
      return found.map(({ segment }) => segment)
    },

    /** Explained rows, a sample of at most so many that is the same whenever the same days are there. */
    async attributions(
      project: string,
      scope: string,
      days: readonly ExplainedDay[],
      most: number,
    ): Promise<StoredAttribution[]> {
      if (!days.some(({ state }) => state === 'explained')) return []
      return events.query<StoredAttribution>(
        `SELECT id, revision, toUnixTimestamp(bucket) * 1000 AS day, toUnixTimestamp64Milli(time) AS time, score, base, output,
           residual, attributions
         FROM attributions FINAL WHERE ${where} ORDER BY sipHash64(id, bucket), id LIMIT {most:UInt32}`,
        { ...segmented(days, project, scope), most },
      )
    },
  }
}

/** A day whose rows were explained and written. */
export function explainedDay(
  at: { day: number; revision: number; computedAt: number; rows: number },
  explained: Explanations,
  drift: StoredDrift | null,
  reference?: string,
): ExplainedDay {
  const { values: _, errors: __, outputs: ___, scores, residuals, ...definition } = explained
  const { day, revision, computedAt, rows } = at
  return {
    ...{ day, revision, computedAt, rows },
    state: 'explained',
    reason: null,
    samples: scores.length,
    residual: Math.max(...residuals),
    definition: { ...definition, ...(reference === undefined ? {} : { reference }) },
    drift,
  }
}
