import type { Column, ColumnType } from '../../contracts/column.ts'
import { sketchQuantile } from '../../statistics/sketch.ts'
import { sketchKey } from '../../storage/events/sketch-key.ts'
import { quoteName } from '../expression/sql-text.ts'
import { asArrays, selectForJson } from '../version/read-rows.ts'
import { type ColumnProfile, type Profile, quantileNames } from './profile.ts'
import { describeSample, describeTexts } from './profile-sample.ts'

type Query = <T>(sql: string) => Promise<T[]>

const mostCategories = 200
/** Whole numbers with at most so many values are also looked at as categories. */
const fewValues = 200
const fewForSketch = 50_000
const histogramBins = 48
/** Columns that are asked for in one statement. */
const columnsAtOnce = 50
/** Rows that are looked at one by one, and values of them in all. */
const sampled = 5000
const sampledValues = 200_000

const isNumber = (type: ColumnType) => type === 'int' || type === 'float'
const isMoment = (type: ColumnType) => type === 'time' || type === 'date'
const inMilliseconds = (sql: string, type: ColumnType) =>
  type === 'date' ? `toUnixTimestamp64Milli(toDateTime64(${sql}, 3, 'UTC'))` : `toUnixTimestamp64Milli(${sql})`

/** Profiles the rows of `from` (a table expression with columns of Kedge's types); `label`: the column that is learnt. */
export async function profileRows(
  query: Query,
  from: string,
  columns: readonly Column[],
  label?: string,
): Promise<Profile> {
  const basics: Record<string, unknown> = {}
  for (let start = 0; start < columns.length; start += columnsAtOnce) {
    const piece = columns.slice(start, start + columnsAtOnce)
    const [row] = await query<Record<string, unknown>>(
      `SELECT ${['count() AS __rows', ...piece.flatMap((column, i) => aggregates(column, start + i))].join(', ')} FROM ${from} AS s`,
    )
    Object.assign(basics, row)
  }
  const rows = Number(basics.__rows ?? 0)
  const profiles: ColumnProfile[] = []
  const sample = await sampleOf(query, from, columns, rows)
  let next = 0
  const work = async () => {
    for (let i = next++; i < columns.length; i = next++) {
      const column = columns[i]!
      profiles[i] = {
        ...(await profileColumn(query, from, column, rows, (name) => basics[`${name}${i}`])),
        ...describeTexts(
          column,
          sample.map((row) => row[i]),
        ),
      }
    }
  }
  await Promise.all([work(), work()])
  return { rows, columns: profiles, sample: describeSample(columns, sample, label) }
}

/** Rows from all over, the same ones each time. */
async function sampleOf(query: Query, from: string, columns: readonly Column[], rows: number): Promise<unknown[][]> {
  if (columns.length === 0 || rows === 0) return []
  const most = Math.max(200, Math.min(sampled, Math.floor(sampledValues / columns.length)))
  const step = Math.max(1, Math.ceil(rows / most))
  const found = await query<Record<string, unknown>>(
    `SELECT ${selectForJson(columns)} FROM ${from} AS s WHERE s._row_number % ${step} = 0 ORDER BY s._file, s._row_number LIMIT ${most}`,
  )
  return asArrays(columns, found)
}

function aggregates({ name, type }: Column, i: number): string[] {
  const sql = `s.${quoteName(name)}`
  const all = [`count(${sql}) AS count${i}`, `uniqCombined64(${sql}) AS distinct${i}`]
  if (isNumber(type)) {
    const finite = `isFinite(${sql})`
    return [
      ...all,
      `min(${sql}) AS min${i}`,
      `max(${sql}) AS max${i}`,
      `avgIf(${sql}, ${finite}) AS mean${i}`,
      `stddevPopStableIf(toFloat64(${sql}), ${finite}) AS deviation${i}`,
    ]
  }
  if (isMoment(type))
    return [...all, `min(${inMilliseconds(sql, type)}) AS min${i}`, `max(${inMilliseconds(sql, type)}) AS max${i}`]
  if (type === 'text')
    return [
      ...all,
      `leftUTF8(min(${sql}), 100) AS min${i}`,
      `leftUTF8(max(${sql}), 100) AS max${i}`,
      `min(lengthUTF8(${sql})) AS shortest${i}`,
      `max(lengthUTF8(${sql})) AS longest${i}`,
      `avg(lengthUTF8(${sql})) AS length${i}`,
    ]
  return [...all, `avg(toUInt8(${sql})) AS mean${i}`]
}

async function profileColumn(
  query: Query,
  from: string,
  { name, type }: Column,
  rows: number,
  basic: (name: string) => unknown,
): Promise<ColumnProfile> {
  const sql = `s.${quoteName(name)}`
  const count = Number(basic('count') ?? 0)
  const distinct = Number(basic('distinct') ?? 0)
  const value = (key: string) => (count === 0 ? null : ((basic(key) as number | string | undefined) ?? null))
  const profile: ColumnProfile = {
    name,
    type,
    count,
    missing: rows - count,
    distinct,
    min: value('min'),
    max: value('max'),
    mean: value('mean') as number | null,
    deviation: value('deviation') as number | null,
    quantiles: null,
    sketch: null,
    histogram: null,
    categories: null,
    otherCategories: 0,
    lengths:
      type === 'text' && count > 0
        ? { min: Number(basic('shortest')), max: Number(basic('longest')), mean: Number(basic('length')) }
        : null,
  }
  if (count === 0) return profile
  if (type === 'int' && distinct <= fewValues) return { ...profile, ...(await ofFewValues(query, from, sql, profile)) }
  if (isNumber(type)) {
    // the logarithm is taken once for each value where there are few
    const values = `SELECT toFloat64(assumeNotNull(${sql})) AS __x${distinct > fewForSketch ? '' : ', count() AS __n'} FROM ${from} AS s WHERE ${sql} IS NOT NULL AND isFinite(${sql})${distinct > fewForSketch ? '' : ' GROUP BY __x'}`
    const buckets = await query<{ key: number; n: number }>(
      `SELECT ${sketchKey('__x')} AS key, ${distinct > fewForSketch ? 'count()' : 'sum(__n)'} AS n FROM (${values}) GROUP BY key ORDER BY key`,
    )
    Object.assign(profile, sketched(buckets, profile))
  }
  if (type === 'text' || type === 'bool' || (type === 'int' && distinct <= fewValues)) {
    const top = await query<{ __text: string; __n: number }>(
      `SELECT toString(assumeNotNull(${sql})) AS __text, count() AS __n FROM ${from} AS s WHERE ${sql} IS NOT NULL GROUP BY __text ORDER BY __n DESC, __text LIMIT ${mostCategories}`,
    )
    profile.categories = top.map((row) => ({ value: row.__text.slice(0, 200), count: row.__n }))
    profile.otherCategories = count - top.reduce((sum, row) => sum + row.__n, 0)
  }
  if (isMoment(type))
    profile.histogram = await timeHistogram(
      query,
      from,
      inMilliseconds(sql, type),
      Number(profile.min),
      Number(profile.max),
    )
  return profile
}

/** Sketch and categories of whole numbers with few values, which are counted once for both. */
async function ofFewValues(query: Query, from: string, sql: string, profile: ColumnProfile) {
  const values = await query<{ __text: string; __key: number; __n: number }>(
    `SELECT toString(__x) AS __text, ${sketchKey('toFloat64(__x)')} AS __key, __n FROM (SELECT assumeNotNull(${sql}) AS __x, count() AS __n FROM ${from} AS s WHERE ${sql} IS NOT NULL GROUP BY __x) ORDER BY __n DESC, __text`,
  )
  const buckets = new Map<number, number>()
  for (const { __key, __n } of values) buckets.set(__key, (buckets.get(__key) ?? 0) + __n)
  const top = values.slice(0, mostCategories)
  return {
    ...sketched(
      [...buckets].sort(([a], [b]) => a - b).map(([key, n]) => ({ key, n })),
      profile,
    ),
    categories: top.map((row) => ({ value: row.__text, count: row.__n })),
    otherCategories: values.slice(mostCategories).reduce((sum, { __n }) => sum + __n, 0),
  }
}

function sketched(buckets: readonly { key: number; n: number }[], profile: ColumnProfile) {
  const sketch = new Map(buckets.map(({ key, n }) => [key, n]))
  return {
    sketch: { keys: buckets.map(({ key }) => key), counts: buckets.map(({ n }) => n) },
    quantiles: Object.fromEntries(
      Object.entries(quantileNames).map(([label, q]) => [label, within(sketchQuantile(sketch, q), profile)]),
    ),
  }
}

/** A bin's representative may lie beyond the smallest or largest value in it, and between whole numbers. */
const within = (x: number, { type, min, max }: ColumnProfile) =>
  Math.min(Math.max(type === 'int' ? Math.round(x) : x, Number(min)), Number(max))

async function timeHistogram(query: Query, from: string, sql: string, min: number, max: number) {
  const width = Math.max(1, Math.ceil((max - min + 1) / histogramBins))
  const bins = await query<{ __bin: number; __n: number }>(
    `SELECT intDiv(${sql} - ${min}, ${width}) AS __bin, count() AS __n FROM ${from} AS s WHERE ${sql} IS NOT NULL GROUP BY __bin ORDER BY __bin`,
  )
  const number = Math.floor((max - min) / width) + 1
  const counts = new Array<number>(number).fill(0)
  for (const { __bin, __n } of bins) counts[__bin] = __n
  return { edges: Array.from({ length: number + 1 }, (_, i) => min + i * width), counts }
}
