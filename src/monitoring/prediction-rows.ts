import type { EventsStore } from '../storage/events/events-store.ts'
import { rawAspect } from './columns/aspect-source.ts'
import { segmentSql } from './segment-condition.ts'
import type { EndpointKey } from './stale.ts'

export interface PredictionFilter {
  /** event time, milliseconds since 1970; the end is exclusive */
  from?: number
  to?: number
  revision?: number
  id?: string
  /** rows whose `feature` lies in (above, upTo], or is `category`, or is missing */
  feature?: string
  above?: number
  upTo?: number
  category?: string
  /** or has another category than these */
  except?: readonly string[]
  missing?: boolean
  /** rows of a segment, as `city=Chur` or `age=> 42 & city=Chur` */
  segment?: string
  /** rows whose actual is this, as a number or a class */
  actual?: string
  /** rows whose score less their actual lies in (residualAbove, residualUpTo] */
  residualAbove?: number
  residualUpTo?: number
  limit?: number
  offset?: number
}

export interface PredictionRow {
  id: string
  time: number
  revision: number
  shadow: boolean
  caller: string
  /** null where nobody measured it */
  latencyMs: number | null
  features: Record<string, number | string>
  score: number | null
  label: string
  actual: number | null
  actualLabel: string | null
}

interface Row extends Omit<PredictionRow, 'features' | 'actualLabel'> {
  numbers: Record<string, number>
  texts: Record<string, string>
  actualLabel: string
}

const EVER = 4_102_444_800_000
const ours = 'project = {project:String} AND endpoint = {endpoint:String}'

/** The raw rows behind a bar of a histogram, newest first. */
export async function readPredictions(
  events: EventsStore,
  key: EndpointKey,
  filter: PredictionFilter,
): Promise<PredictionRow[]> {
  const conditions = [
    ours,
    "time >= toDateTime64({from:Int64} / 1000, 3, 'UTC') AND time < toDateTime64({to:Int64} / 1000, 3, 'UTC')",
  ]
  if (filter.revision !== undefined) conditions.push('revision = {revision:UInt32}')
  if (filter.id !== undefined) conditions.push('id = {id:String}')
  if (filter.feature !== undefined) {
    const aspect = rawAspect(filter.feature)
    const number =
      aspect?.number ??
      (filter.feature === '$score'
        ? 'score'
        : filter.feature === '$latency_ms'
          ? 'nullIf(latency_us, 0) / 1000'
          : 'if(mapContains(numbers, {feature:String}), numbers[{feature:String}], NULL)')
    if (filter.above !== undefined) conditions.push(`${number} > {above:Float64}`)
    if (filter.upTo !== undefined) conditions.push(`${number} <= {upTo:Float64}`)
    if (filter.category !== undefined)
      conditions.push(
        aspect?.category?.('{category:String}') ??
          (filter.feature === '$label' ? 'label = {category:String}' : 'texts[{feature:String}] = {category:String}'),
      )
    if (filter.except)
      conditions.push(
        filter.feature === '$label'
          ? "label != '' AND label NOT IN {except:Array(String)}"
          : 'mapContains(texts, {feature:String}) AND texts[{feature:String}] NOT IN {except:Array(String)}',
      )
    if (filter.missing)
      conditions.push(
        aspect
          ? `NOT ${aspect.there}`
          : 'NOT mapContains(numbers, {feature:String}) AND NOT mapContains(texts, {feature:String})',
      )
  }
  const segment = segmentSql(filter.segment ?? '')
  if (filter.segment) conditions.push(`(${segment.sql})`)
  if (filter.actual !== undefined)
    conditions.push(`id IN (SELECT id FROM actuals FINAL WHERE ${ours}
      AND (label = {actual:String} OR (label = '' AND value = toFloat64OrNull({actual:String}))))`)
  if (filter.residualAbove !== undefined || filter.residualUpTo !== undefined)
    conditions.push(`(id, score) IN (SELECT s.id, s.score FROM (SELECT id, score FROM predictions FINAL WHERE ${conditions.join(' AND ')}) AS s
      INNER JOIN (SELECT id, value FROM actuals FINAL WHERE ${ours}) AS t ON t.id = s.id
      WHERE s.score - t.value > {residualAbove:Float64} AND s.score - t.value <= {residualUpTo:Float64})`)
  const params = {
    ...key,
    ...segment.params,
    except: filter.except ?? [],
    actual: filter.actual ?? '',
    residualAbove: filter.residualAbove ?? -Number.MAX_VALUE,
    residualUpTo: filter.residualUpTo ?? Number.MAX_VALUE,
    from: Math.max(0, filter.from ?? 0),
    to: Math.min(EVER, filter.to ?? EVER),
    revision: filter.revision ?? 0,
    id: filter.id ?? '',
    feature: filter.feature ?? '',
    above: filter.above ?? 0,
    upTo: filter.upTo ?? 0,
    category: filter.category ?? '',
    limit: filter.limit ?? 100,
    offset: filter.offset ?? 0,
  }
  const rows = await events.query<Row>(
    `SELECT p.id AS id, toUnixTimestamp64Milli(p.time) AS time, p.revision AS revision, p.shadow AS shadow, p.caller AS caller,
       nullIf(p.latency_us, 0) / 1000 AS latencyMs, p.numbers AS numbers, p.texts AS texts, p.score AS score, p.label AS label,
       a.value AS actual, a.label AS actualLabel
     FROM (SELECT * FROM predictions FINAL WHERE ${conditions.join(' AND ')}
       ORDER BY time DESC, id, revision LIMIT {limit:UInt32} OFFSET {offset:UInt32}) AS p
     LEFT JOIN (SELECT id, value, label FROM actuals FINAL WHERE ${ours}
       AND id IN (SELECT id FROM predictions WHERE ${conditions.join(' AND ')})) AS a ON a.id = p.id
     ORDER BY p.time DESC, p.id, p.revision`,
    params,
  )
  return rows.map(({ numbers, texts, actualLabel, ...row }) => ({
    ...row,
    features: { ...numbers, ...texts },
    actualLabel: actualLabel === '' ? null : actualLabel,
  }))
}
