import type { Environment } from '../environment.ts'
import { type ErrorPlace, KedgeError } from '../errors.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { hour } from './event-day.ts'
import { type ColumnPlan, type FileColumn, isNumber } from './log-columns.ts'
import type { ExternalEndpointSpec } from './log-endpoint-spec.ts'
import {
  actualSql,
  featuresSql,
  numberSql,
  rowsOf,
  type TableFile,
  tableSettings,
  textSql,
  timeSql,
} from './log-table.ts'
import type { EndpointKey } from './stale.ts'

/** Rows of a file that are taken in together. */
export const rowsOfPart = 500_000

export interface FilePart {
  from: number
  to: number
}

export interface OpenedLog {
  file: TableFile
  plan: ColumnPlan
  spec: Pick<ExternalEndpointSpec, 'positive'> | undefined
  /** digest of the file: ids of rows without one begin with it */
  digest: string
  /** milliseconds since 1970 */
  receivedAt: number
}

const shownRows = 5
const day = 86_400_000

/** SQL of the fields of a logged file's rows. */
export async function fieldsOf(engine: EventsStore, { file, plan, spec, digest, receivedAt }: OpenedLog) {
  const { of } = plan
  const numeric = of.time && isNumber(of.time.type) ? numberSql(of.time) : undefined
  const [largest] = numeric
    ? await engine.query<{ time: number }>(
        `SELECT ifNull(max(${numeric}), 0) AS time FROM ${rowsOf()}`,
        { path: file.path },
        { settings: tableSettings },
      )
    : []
  return {
    id: of.id ? textSql(of.id) : `concat('${digest.slice(0, 16)}-', toString(t._row_number))`,
    time: of.time ? timeSql(of.time, largest?.time ?? 0) : `fromUnixTimestamp64Milli(toInt64(${receivedAt}), 'UTC')`,
    score: of.score ? numberSql(of.score) : "CAST(NULL, 'Nullable(Float64)')",
    label: of.label ? textSql(of.label) : "''",
    version: of.version ? textSql(of.version) : "''",
    latency: of.latency ? `ifNull(least(toUInt64(greatest(${numberSql(of.latency)}, 0) * 1000), 4294967295), 0)` : '0',
    actual: of.actual ? actualSql(of.actual, spec?.positive) : undefined,
    given: of.actual ? textSql(of.actual) : "''",
  }
}

export type Fields = Awaited<ReturnType<typeof fieldsOf>>
/** Looks at every row once before anything is taken. Errors: `invalid_input` with the rows and columns at fault. */
export async function checkFile(
  engine: EventsStore,
  log: OpenedLog,
  fields: Fields,
  kind: 'predictions' | 'actuals',
): Promise<void> {
  const { of } = log.plan
  const scoreText = of.score && /String/.test(of.score.type)
  const latest = log.receivedAt + day
  const checks: [column: FileColumn, when: string, what: string][] = [
    ...(of.id
      ? ([
          [of.id, `${fields.id} = ''`, 'is empty'],
          [of.id, `lengthUTF8(${fields.id}) > 256`, 'is longer than 256 characters'],
        ] as [FileColumn, string, string][])
      : []),
    ...(of.time && kind === 'predictions'
      ? ([
          [of.time, `isNull(${fields.time})`, 'is no time'],
          [
            of.time,
            `ifNull(toUnixTimestamp64Milli(${fields.time}) < 0 OR toUnixTimestamp64Milli(${fields.time}) > ${latest}, false)`,
            'lies before 1970 or more than a day in the future',
          ],
        ] as [FileColumn, string, string][])
      : []),
    ...(of.score && scoreText
      ? ([[of.score, `${textSql(of.score)} != '' AND isNull(${fields.score})`, 'is no number']] as [
          FileColumn,
          string,
          string,
        ][])
      : []),
    ...(of.actual && kind === 'actuals'
      ? ([[of.actual, `${fields.given} = ''`, 'is empty']] as [FileColumn, string, string][])
      : []),
  ]
  if (checks.length === 0) return
  const [found] = await engine.query<Record<string, number | number[]>>(
    `SELECT ${checks
      .map(
        ([, when], i) =>
          `countIf(${when}) AS n${i}, arraySort(groupArraySortedIf(${shownRows})(t._row_number, ${when})) AS rows${i}`,
      )
      .join(', ')} FROM ${rowsOf()}`,
    { path: log.file.path },
    { settings: tableSettings },
  )
  const places = checks.flatMap(([column, , what], i): ErrorPlace[] =>
    ((found![`rows${i}`] as number[]) ?? []).map((row) => ({ where: `row ${row + 1}, column ${column.name}`, what })),
  )
  const wrong = checks.reduce((sum, _, i) => sum + (found![`n${i}`] as number), 0)
  if (wrong > 0)
    throw new KedgeError(
      'invalid_input',
      {
        what: `Nothing was taken: ${wrong} values of the file are wrong, the first in ${places[0]!.where}: ${places[0]!.what}`,
      },
      { places, todo: 'Correct the file, or name other columns.' },
    )
}

/** The names of versions in a file. */
export async function versionsIn(engine: EventsStore, log: OpenedLog, fields: Fields): Promise<string[]> {
  if (!log.plan.of.version) return ['']
  const rows = await engine.query<{ version: string }>(
    `SELECT DISTINCT ${fields.version} AS version FROM ${rowsOf()} LIMIT 2000`,
    { path: log.file.path },
    { settings: tableSettings },
  )
  return rows.map(({ version }) => version)
}

const insertSettings = { ...tableSettings, max_partitions_per_insert_block: 1000 }

export interface WritePart {
  environment: Pick<Environment, 'events'>
  engine: EventsStore
  key: EndpointKey
  log: OpenedLog
  fields: Fields
  part: FilePart
  caller: string
  revisions: ReadonlyMap<string, number>
}

/**
 * Writes the predictions of a part, and the actuals that stand beside them; gives the first and last time in each of their hours. The engine copies
 * them itself where it holds the tables, so that no row passes through this process.
 */
export async function writePredictions(write: WritePart): Promise<number[]> {
  const { environment, engine, key, log, fields, part, revisions } = write
  const { events } = environment
  const columns = new Map(log.file.columns.map((column) => [column.name, column]))
  const names = [...revisions.keys()]
  const received = new Date(log.receivedAt).toISOString()
  const params = {
    path: log.file.path,
    ...key,
    caller: write.caller,
    names,
    numbers: names.map((version) => revisions.get(version)!),
    received,
  }
  const at = "parseDateTime64BestEffort({received:String}, 3, 'UTC')"
  const predictions = `SELECT {project:String} AS project, {endpoint:String} AS endpoint,
      toUInt32(transform(${fields.version}, {names:Array(String)}, {numbers:Array(UInt32)}, 0)) AS revision, false AS shadow,
      ${fields.id} AS id, assumeNotNull(${fields.time}) AS time, ${at} AS received_at, {caller:String} AS caller,
      toUInt32(${fields.latency}) AS latency_us, ${featuresSql(log.plan, 'number', columns)} AS numbers,
      ${featuresSql(log.plan, 'category', columns)} AS texts, ${fields.score} AS score, ${fields.label} AS label
    FROM ${rowsOf(part)}`
  await copy(events, engine, 'predictions', predictions, params, part)
  if (fields.actual)
    await copy(
      events,
      engine,
      'actuals',
      `SELECT {project:String} AS project, {endpoint:String} AS endpoint, ${fields.id} AS id, ${fields.actual.value} AS value,
        ${fields.actual.label} AS label, ${at} AS received_at FROM ${rowsOf(part)} AND ${fields.given} != ''`,
      params,
      part,
    )
  const time = `toUnixTimestamp64Milli(assumeNotNull(${fields.time}))`
  const ends = await engine.query<{ first: number; last: number }>(
    `SELECT min(${time}) AS first, max(${time}) AS last FROM ${rowsOf(part)} GROUP BY intDiv(${time}, ${hour})`,
    params,
    { settings: tableSettings },
  )
  return ends.flatMap(({ first, last }) => [first, last])
}

const rowsAtOnce = 20_000

/** Copies rows into a table of the events store: inside the engine where it holds the table, over the wire else. */
async function copy(
  events: EventsStore,
  engine: EventsStore,
  table: 'predictions' | 'actuals',
  select: string,
  params: Record<string, unknown>,
  part: FilePart,
) {
  if (engine === events) {
    const columns =
      table === 'predictions'
        ? 'project, endpoint, revision, shadow, id, time, received_at, caller, latency_us, numbers, texts, score, label'
        : 'project, endpoint, id, value, label, received_at'
    await events.command(`INSERT INTO ${table} (${columns}) ${select}`, params, {
      settings: insertSettings,
      repeatable: true,
    })
    return
  }
  for (let from = part.from; from < part.to; from += rowsAtOnce) {
    const rows = await engine.query<object>(
      `${select} AND t._row_number >= ${from} AND t._row_number < ${Math.min(from + rowsAtOnce, part.to)}`,
      params,
      { settings: tableSettings },
    )
    await events.insert(table, rows)
  }
}
