import { KedgeError } from '../../errors.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { asColumns, readValue } from '../curation/engine-column.ts'
import { createRelation } from '../curation/relation.ts'
import { checkUserQuery } from '../expect/check-user-query.ts'
import type { DatasetVersionSummary } from '../version/dataset-version.ts'
import { asArrays, type Rows, selectForJson } from '../version/read-rows.ts'
import { createRunEngine } from '../version/run-engine.ts'
import type { VersionFiles } from '../version/version-files.ts'

export interface QueryAnswer extends Rows {
  milliseconds: number
  /** there were more rows than were asked for */
  cut: boolean
}

/** One person's question must not keep the others waiting. */
const limits = {
  max_execution_time: 15,
  timeout_overflow_mode: 'throw',
  max_memory_usage: 2 ** 30,
  max_threads: 1,
  max_columns_to_read: 5000,
  max_subquery_depth: 20,
  max_result_bytes: 64 * 2 ** 20,
  result_overflow_mode: 'throw',
}

/** The engine refuses a whole answer, not a cell of it. */
const longestText = 10_000

/**
 * Answers a SELECT over the table `rows`, which are the rows of one version; it can read nothing else. Texts are cut
 * after 10,000 characters. Errors: `invalid_input` for what is not allowed, `events_limit`.
 */
export async function queryVersion(
  engine: EventsStore,
  files: VersionFiles,
  version: DatasetVersionSummary,
  { sql, limit, signal }: { sql: string; limit: number; signal?: AbortSignal | undefined },
): Promise<QueryAnswer> {
  const run = createRunEngine(engine, signal)
  const started = performance.now()
  const checked = await checkUserQuery(run, sql.replace(/;\s*$/, ''), 'The query')
  const rows = `WITH rows AS (SELECT * EXCEPT (__position) FROM ${(await files.rows(version)).sql})`
  const ask = <T>(statement: string) =>
    run.query<T>(statement, {}, limits).catch((error) => {
      throw asMistake(error)
    })
  const found = await ask<{ name: string; type: string }>(`DESCRIBE (${rows} SELECT * FROM (${checked}))`)
  const columns = asColumns(found)
  // by their places, because two columns of an answer may have one name
  const inner = columns.map((_, i) => ({ name: `v${i}`, type: found[i]!.type }))
  const values = inner.map((column, i) => {
    const value = readValue(column)
    return columns[i]!.type === 'text' ? `substringUTF8(${value}, 1, ${longestText}) AS v${i}` : `${value} AS v${i}`
  })
  const answer = await ask<Record<string, unknown>>(
    `${rows} SELECT ${selectForJson(columns.map((column, i) => ({ ...column, name: `v${i}` })))} FROM (SELECT ${values.join(', ')} FROM (SELECT * FROM (${checked}) LIMIT ${limit + 1}) AS s (${inner.map(({ name }) => name).join(', ')})) AS s`,
  )
  return {
    columns,
    rows: asArrays(columns, answer.slice(0, limit)),
    total: null,
    cut: answer.length > limit,
    milliseconds: performance.now() - started,
  }
}

/** A page of the rows for which an expression is true, in their order, and how many there are. Errors: `invalid_input`. */
export async function filterVersion(
  engine: EventsStore,
  files: VersionFiles,
  version: DatasetVersionSummary,
  { where, limit, offset }: { where: string; limit: number; offset: number },
): Promise<Rows> {
  const run = createRunEngine(engine)
  const { sql: condition } = createRelation(version.schema, 'The filter').condition(where)
  const from = `${(await files.rows(version)).sql} AS p WHERE ${condition}`
  const [count] = await run.query<{ n: number }>(`SELECT count() AS n FROM ${from}`, {}, limits)
  const found = await run.query<Record<string, unknown>>(
    `SELECT ${selectForJson(version.schema)} FROM (SELECT * FROM ${from} ORDER BY p.__position LIMIT ${limit} OFFSET ${offset}) AS s`,
    {},
    limits,
  )
  return { columns: version.schema, rows: asArrays(version.schema, found), total: Number(count?.n ?? 0) }
}

/** What the engine cannot answer is wrong in the question. */
const asMistake = (error: unknown) =>
  error instanceof KedgeError && ['events_query_invalid', 'events_data_invalid'].includes(error.code)
    ? new KedgeError(
        'invalid_input',
        { what: error.message.replace(/^The events engine does not take the query: /, '') },
        { cause: error },
      )
    : error
