import type { ReferenceView } from '../contracts/monitor-kind.ts'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { mergeSlices } from '../statistics/slice.ts'
import { quote as literal } from '../storage/events/bind-parameters.ts'
import { dayPerformanceStatement, dayProfilesStatement } from '../storage/events/day-roll-ups.ts'
import { aspectSource } from './columns/aspect-source.ts'
import type { FoundColumn, WatchedColumn } from './columns/column-facts.ts'
import { keepColumns, readColumns } from './columns/column-store.ts'
import { forgetStatement } from './columns/forget-profiles.ts'
import { learnFacts } from './columns/learn-facts.ts'
import { recogniseColumns } from './columns/recognise-columns.ts'
import { type DaySlice, loadDaySlices, loadPartSlices } from './day-slices.ts'
import { day, hour } from './event-day.ts'
import { type ProfileSource, performanceStatement, profileStatement, sampleStatement } from './profile-sql.ts'
import { chooseSegments } from './segments.ts'
import type { WatchedRevision } from './watched-revision.ts'

/** Columns of a reference file that are no features. */
export const RESERVED = new Set(['score', 'out_of_fold', 'label', 'prediction', 'time', 'id', 'split'])
/** Rows that show what the columns hold. */
const SHOWN = 2000
/** Rows without a time are dealt out to this many days, so that thresholds can be calibrated from days all the same. */
const DEALT_DAYS = 28
const EVER = 4_102_444_800_000

/** A table expression over a Parquet blob for the events engine. */
export type ParquetTable = (digest: string) => Promise<{ sql: string; params: Record<string, unknown> }>

export interface References {
  /** The reference of a model version, profiled on first use; undefined when it has none. */
  of(
    project: string,
    revision: WatchedRevision,
    threshold: number,
    segments?: readonly string[],
  ): Promise<Reference | undefined>
  /** Its parts, hour by hour or day by day, in time order; undefined where its rows have no time or it has none. */
  parts(project: string, revision: WatchedRevision, unit: 'hour' | 'day'): Promise<readonly DaySlice[] | undefined>
  forget(): void
}

export interface Reference extends ReferenceView {
  segments: string[]
  /** what its columns hold */
  columns: ReadonlyMap<string, FoundColumn>
}

const ofScope = 'project = {project:String} AND scope = {scope:String}'
const scopeOf = ({ model, version, scope }: WatchedRevision) => scope ?? `model/${model}/${version}`

/** The references of model versions, kept as profiles beside those of the endpoints and made by the same SQL. */
export function createReferences(
  environment: Pick<Environment, 'store' | 'events' | 'journal' | 'clock'>,
  table: ParquetTable,
): References {
  const { store, events, journal, clock } = environment
  const kept = new Map<string, Promise<Reference | undefined>>()
  const timed = new Map<string, Promise<readonly DaySlice[] | undefined>>()

  async function load(project: string, scope: string) {
    const days = await loadDaySlices(events, { project, scope, from: 0, to: EVER })
    const slices = days.sort((a, b) => a.day - b.day).map((found) => found.slice)
    return {
      scope,
      days: slices,
      whole: mergeSlices(slices),
      rows: { scope, revision: 0, from: 0, to: EVER },
    }
  }

  async function loadTimed(project: string, scope: string, unit: 'hour' | 'day') {
    const filter = { project, scope, from: 0, to: EVER }
    const days = await loadDaySlices(events, filter)
    days.sort((a, b) => a.day - b.day)
    const [first, last] = [days[0]?.day ?? 0, days.at(-1)?.day ?? 0]
    // rows without a time were dealt out
    if (first < DEALT_DAYS * day) return undefined
    if (unit === 'day') return days
    const hours = Array.from({ length: (last + day - first) / hour + 1 }, (_, i) => first + i * hour)
    return (await loadPartSlices(events, { project, scope }, hours)).sort((a, b) => a.day - b.day)
  }

  /** The rows with what their columns hold; those tell themselves. */
  async function withColumns(rows: ProfileSource) {
    const kinds = await recogniseColumns(
      events,
      {
        sql: `SELECT texts FROM (${rows.sql}) WHERE notEmpty(texts) LIMIT ${SHOWN}`,
        params: rows.params,
      },
      { settle: 1 },
    )
    const found: FoundColumn[] = []
    for (const [name, kind] of kinds)
      found.push({ name, kind, facts: await learnFacts(events, rows, name, kind), learntBefore: EVER })
    const watched = found.flatMap(({ name, kind, facts, learntBefore }): WatchedColumn[] =>
      kind === 'category' ? [] : [{ name, kind, facts: facts ? [{ revision: undefined, facts, learntBefore }] : [] }],
    )
    return { source: aspectSource(rows, watched), found, watched }
  }

  async function build(project: string, revision: WatchedRevision, threshold: number, declared?: readonly string[]) {
    if (revision.reference === null) return undefined
    const scope = scopeOf(revision)
    const [made] = await events.query<{ made: number }>(
      `SELECT count() AS made FROM performance_days WHERE project = {project:String} AND scope = {scope:String}`,
      { project, scope },
    )
    const known = await readColumns(store, project, scope)
    if (made!.made === 0 || !known) {
      const rows = await parquetSource(environment, await table(revision.reference))
      const { source, found, watched } = await withColumns(rows)
      const params = { ...source.params, project, scope, version: clock() }
      await events.command(profileStatement(source), params, { repeatable: true })
      await events.command(sampleStatement(source), params, { repeatable: true })
      const forget = forgetStatement(watched, ofScope)
      if (forget) await events.command(forget, params, { repeatable: true })
      await events.command(dayProfilesStatement(ofScope), { project, scope }, { repeatable: true })
      const profiled = await load(project, scope)
      if (profiled.whole.rows === 0)
        throw new KedgeError('invalid_input', {
          what: `The reference of ${revision.model} version ${revision.version} has no rows`,
        })
      const segments = chooseSegments(profiled.whole, declared)
      await events.command(performanceStatement(source), { ...params, threshold, segments }, { repeatable: true })
      // written last: its rows say that the reference is whole
      await events.command(dayPerformanceStatement(ofScope), { project, scope }, { repeatable: true })
      await journal.change({ actor: 'monitoring' }, async (change) => {
        await keepColumns(change, project, scope, found)
        change.append({
          type: 'reference.profiled',
          project,
          subject: `model_version/${revision.model}@${revision.version}`,
          data: {
            model: revision.model,
            version: revision.version,
            rows: profiled.whole.rows,
            days: profiled.days.length,
          },
        })
      })
    }
    const view = await load(project, scope)
    const columns = known ?? (await readColumns(store, project, scope)) ?? new Map()
    return { ...view, segments: [...view.whole.groups.keys()].sort(), columns }
  }

  return {
    of(project, revision, threshold, segments) {
      const key = JSON.stringify([project, revision.model, revision.version, revision.reference])
      let found = kept.get(key)
      if (!found) {
        if (kept.size >= 50) kept.delete(kept.keys().next().value!)
        found = build(project, revision, threshold, segments)
        kept.set(key, found)
        found.catch(() => kept.delete(key))
      }
      return found
    },
    async parts(project, revision, unit) {
      const key = JSON.stringify([project, revision.model, revision.version, revision.reference, unit])
      let found = timed.get(key)
      if (!found) {
        if (timed.size >= 10) timed.delete(timed.keys().next().value!)
        found = loadTimed(project, scopeOf(revision), unit)
        timed.set(key, found)
        found.catch(() => timed.delete(key))
      }
      return found
    },
    forget() {
      kept.clear()
      timed.clear()
    },
  }
}

const quote = (name: string) => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
const plain = (type: string) => type.replace(/LowCardinality\((.*)\)/, '$1').replace(/Nullable\((.*)\)/, '$1')
const isNumber = (type: string) => /^(U?Int|Float|Decimal|BFloat)/.test(type)
const isText = (type: string) =>
  /^(String|FixedString|Enum|Bool|UUID|Array\((Nullable\()?(U?Int|Float|BFloat))/.test(type)

/** Reads a reference file in the form of the profile statements; which columns are features is read off its schema. */
async function parquetSource(
  { events }: Pick<Environment, 'events'>,
  table: { sql: string; params: Record<string, unknown> },
): Promise<ProfileSource> {
  const described = await events.query<{ name: string; type: string }>(`DESCRIBE TABLE ${table.sql}`, table.params)
  const columns = new Map(described.map(({ name, type }) => [name, plain(type)]))
  const features = [...columns].filter(([name]) => !RESERVED.has(name) && !name.startsWith('$'))
  const numbers = features.filter(([, type]) => isNumber(type)).map(([name]) => name)
  const texts = features.filter(([, type]) => isText(type)).map(([name]) => name)
  const float = (name: string) => `CAST(toFloat64OrNull(toString(t.${quote(name)})), 'Nullable(Float64)')`
  const text = (name: string) => `nullIf(CAST(toString(t.${quote(name)}), 'Nullable(String)'), '')`
  const map = (names: string[], value: (name: string) => string, type: string) =>
    names.length === 0
      ? `CAST(map(), 'Map(String, ${type})')`
      : `CAST(arrayMap(t -> (t.1, assumeNotNull(t.2)), arrayFilter(t -> isNotNull(t.2), [${names
          .map((name) => `(${literal(name)}, ${value(name)})`)
          .join(', ')}])), 'Map(String, ${type})')`
  const score = columns.has('score') ? float('score') : "CAST(NULL, 'Nullable(Float64)')"
  const judged = columns.has('out_of_fold') ? `ifNull(${float('out_of_fold')}, ${score})` : score
  const label = columns.get('label')
  const truth = label === undefined ? 'NULL' : label === 'Bool' ? 'toFloat64(t.label)' : float('label')
  // a classifier of several classes: what it predicted stands beside what was
  const predicted = columns.has('prediction') ? `ifNull(${text('prediction')}, '')` : "''"
  const outcome = label === undefined ? "''" : `ifNull(${text('label')}, '')`
  return {
    // performance on rows that a model learnt from is too good; where there is a score of one that did not, it is judged
    sql: `SELECT toUInt32(0) AS revision, ${bucketOf(columns.get('time'))} AS bucket, toUInt8(1) AS live, ${map(numbers, float, 'Float64')} AS numbers,
      ${map(texts, text, 'String')} AS texts, ${score} AS score,
      ${judged} AS judged, ${predicted} AS label, CAST(NULL, 'Nullable(Float64)') AS latency, CAST(${truth}, 'Nullable(Float64)') AS truth,
      ${outcome} AS outcome, '' AS id, cityHash64(rowNumberInAllBlocks(), 'reference') / pow(2, 64) AS chance
      FROM ${table.sql} AS t`,
    params: table.params,
  }
}

function bucketOf(type: string | undefined): string {
  if (type === undefined) return `toDateTime((rowNumberInAllBlocks() % ${DEALT_DAYS}) * 86400, 'UTC')`
  const time = /^Date/.test(type)
    ? "toDateTime64(ifNull(t.`time`, 0), 3, 'UTC')"
    : isNumber(type)
      ? "fromUnixTimestamp64Milli(toInt64(ifNull(t.`time`, 0)), 'UTC')"
      : "toDateTime64(ifNull(parseDateTimeBestEffortOrNull(toString(t.`time`)), toDateTime(0)), 3, 'UTC')"
  return `toDateTime(toStartOfHour(${time}), 'UTC')`
}
