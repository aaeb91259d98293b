import type { Column } from '../../contracts/column.ts'
import type { OperationDefinition, Verdict } from '../../contracts/curation.ts'
import type { SourceTable } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import type { KeyedStep } from '../dataset-spec.ts'
import { convert } from '../expression/conversion.ts'
import { quoteName, quoteText } from '../expression/sql-text.ts'
import { columnType, readFault, readValue } from './engine-column.ts'
import { asColumn, createRelation } from './relation.ts'

/** Why rows left, by the number that the SQL gives them; 0 is: did not leave. */
export interface NamedVerdict {
  step: number
  operation: string
  action: 'quarantine' | 'remove'
  reason: string
}

export interface Pipeline {
  /** gives `columns`, `__row` (position in the source), `__verdict` and `__value` for every row read */
  sql: string
  params: Record<string, unknown>
  settings: Record<string, string | number>
  columns: Column[]
  verdicts: (NamedVerdict | undefined)[]
  /** names of the steps; the first is reading */
  operations: string[]
  /** which rows of the source (as `s`) are read */
  where: string | undefined
}

export interface CurationInput {
  table: SourceTable & { rowNumber: string }
  /** column of the source with the event time */
  time?: string | undefined
  /** half-open window on `time`, milliseconds since 1970 */
  window?: { from: number; to: number } | undefined
  curate: readonly KeyedStep[]
  operations: readonly OperationDefinition[]
  /** runs a query that gives one row of aggregates */
  aggregate(
    sql: string,
    params: Record<string, unknown>,
    settings: Record<string, string | number>,
  ): Promise<Record<string, unknown>>
}

const reserved = /^__(row|verdict|value)$/

/**
 * Compiles a dataset's curation to one SQL statement over its source. Each step is a subquery around the one before; a
 * row that fails keeps its place with the number of the verdict, so that nothing disappears uncounted. Steps that need
 * to know the data first (outliers, fill) ask for their aggregates while compiling.
 * Errors: `invalid_input` names the step and what is wrong in it.
 */
export async function compileCuration(input: CurationInput): Promise<Pipeline> {
  const { table } = input
  const verdicts: Pipeline['verdicts'] = [undefined]
  const operations = ['read']
  const settings = { ...table.settings }
  const read = readLayer(input, verdicts)
  let { columns, sql } = read
  for (const [index, step] of input.curate.entries()) {
    const [kind, given] = Object.entries(step).find(([, value]) => value !== undefined) ?? []
    const operation = input.operations.find((candidate) => candidate.kind === kind)
    const where = `curate[${index}] ${kind}`
    if (!operation) throw new KedgeError('invalid_input', { what: `${where}: there is no such operation` })
    operations.push(operation.kind)
    const config = operation.config.parse(given)
    const relation = createRelation(columns, where)
    const wanted = Object.entries(operation.statistics?.(config, relation) ?? {})
    const aggregates = wanted.map(([, aggregate], i) => `${aggregate} AS a${i}`)
    const known =
      wanted.length === 0
        ? {}
        : await input.aggregate(`SELECT ${aggregates.join(', ')} FROM (${sql}) AS p`, table.params, settings)
    const statistics = Object.fromEntries(wanted.map(([name], i) => [name, known[`a${i}`]]))
    const compiled = operation.compile(config, relation, statistics)
    const names = compiled.columns.map((column) => column.name)
    checkNames(names, where)
    const selected = compiled.columns.map(
      (column) => `${asColumn(column.sql, column.type)} AS ${quoteName(column.name)}`,
    )
    const numbered = (compiled.verdicts ?? []).map((verdict) => {
      verdicts.push({ step: index + 1, operation: operation.kind, action: verdict.action, reason: verdict.reason })
      return { ...verdict, number: verdicts.length - 1 }
    })
    sql = `SELECT ${[...selected, 'p.__row AS __row', ...verdictColumns(numbered, 'p')].join(', ')} FROM (${sql}) AS p`
    columns = compiled.columns.map(({ name, type }) => ({ name, type }))
  }
  if (input.time !== undefined) {
    const found = columns.find((column) => column.name === input.time)
    if (found?.type !== 'time' && found?.type !== 'date')
      throw new KedgeError('invalid_input', {
        what: `time: the column ${input.time} ${found ? `is ${found.type}, not a time` : 'is gone after the curation'}`,
      })
  }
  return { sql, params: table.params, settings, columns, verdicts, operations, where: read.where }
}

function checkNames(names: string[], where: string) {
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined)
    throw new KedgeError('invalid_input', { what: `${where}: two columns would be named ${twice}` })
  const odd = names.find((name) => reserved.test(name))
  if (odd !== undefined) throw new KedgeError('invalid_input', { what: `${where}: a column cannot be named ${odd}` })
  if (names.length === 0) throw new KedgeError('invalid_input', { what: `${where}: no column would be left` })
}

/** The first that applies wins; a row that has left already keeps its verdict. */
function verdictColumns(
  verdicts: (Omit<Verdict, 'action' | 'reason'> & { number: number })[],
  alias: string | undefined,
): string[] {
  const before = alias ? [`${alias}.__verdict != 0`, `${alias}.__verdict`] : []
  const beforeValue = alias ? [`${alias}.__verdict != 0`, `${alias}.__value`] : []
  if (verdicts.length === 0)
    return alias
      ? [`${alias}.__verdict AS __verdict`, `${alias}.__value AS __value`]
      : ['toUInt16(0) AS __verdict', "CAST(NULL, 'Nullable(String)') AS __value"]
  const branches = verdicts.flatMap(({ when, number }) => [`ifNull(${when}, false)`, `toUInt16(${number})`])
  const values = verdicts.flatMap(({ when, value }) => [
    `ifNull(${when}, false)`,
    value
      ? `CAST(leftUTF8(toValidUTF8(toString(${value})), 200), 'Nullable(String)')`
      : "CAST(NULL, 'Nullable(String)')",
  ])
  return [
    `multiIf(${[...before, ...branches, 'toUInt16(0)'].join(', ')}) AS __verdict`,
    `multiIf(${[...beforeValue, ...values, "CAST(NULL, 'Nullable(String)')"].join(', ')}) AS __value`,
  ]
}

/** Reading: every column in Kedge's types; what cannot be read gets a verdict of step 0. */
function readLayer(
  { table, time, window }: CurationInput,
  verdicts: Pipeline['verdicts'],
): { columns: Column[]; sql: string; where: string | undefined } {
  const declared = new Map(table.types?.map(({ name, type }) => [name, type]))
  const faults: (Omit<Verdict, 'action'> & { number: number })[] = []
  const fault = (found: Omit<Verdict, 'action'>) => {
    verdicts.push({ step: 0, operation: 'read', action: 'quarantine', reason: found.reason })
    faults.push({ ...found, number: verdicts.length - 1 })
  }
  for (const found of table.unreadable ?? []) fault(found)
  const columns: Column[] = []
  const selected: string[] = []
  let timeSql: string | undefined
  for (const column of table.columns) {
    const raw = readValue(column)
    const engine = columnType(column.type)
    const named = declared.get(column.name) ?? engine
    const wanted = column.name === time && named !== 'date' ? 'time' : named
    const sql = convert(raw, engine, wanted)
    const found = readFault(column)
    if (found) fault(found)
    if (wanted !== engine)
      fault({
        when: `${raw} IS NOT NULL AND ${sql} IS NULL`,
        reason: `${column.name} is not ${wanted === 'int' ? 'an int' : `a ${wanted}`}`,
        value: `toString(${raw})`,
      })
    if (column.name === time) {
      // a plain column lets the engine push the window down to the source
      timeSql = wanted === engine ? `s.${quoteName(column.name)}` : sql
      fault({ when: `${sql} IS NULL`, reason: `${column.name} is missing` })
    }
    columns.push({ name: column.name, type: wanted })
    selected.push(`${asColumn(sql, wanted)} AS ${quoteName(column.name)}`)
  }
  checkNames(
    columns.map(({ name }) => name),
    'source',
  )
  if (time !== undefined && timeSql === undefined)
    throw new KedgeError('invalid_input', {
      what: `time: the source has no column ${time} (it has ${columns
        .map(({ name }) => name)
        .slice(0, 20)
        .join(', ')})`,
    })
  const where = timeSql && window ? windowCondition(timeSql, window) : undefined
  const state = verdictColumns(faults, undefined)
  const all = [...selected, `toUInt64(${table.rowNumber}) AS __row`, ...state].join(', ')
  return { columns, where, sql: `SELECT ${all} FROM ${table.sql} AS s${where ? ` WHERE ${where}` : ''}` }
}

/** Rows of the window, and those whose time is missing: they belong to none, and must not vanish. */
export const windowCondition = (sql: string, { from, to }: { from: number; to: number }): string => {
  const bound = (ms: number) =>
    `toDateTime64(${quoteText(new Date(ms).toISOString().replace('T', ' ').replace('Z', ''))}, 3, 'UTC')`
  return `((${sql} >= ${bound(from)} AND ${sql} < ${bound(to)}) OR ${sql} IS NULL)`
}
