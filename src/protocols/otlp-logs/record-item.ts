import type { LoggedItem } from '../../monitoring/log-rows.ts'
import type { OtlpRecord } from './read-log-records.ts'

/** What a log record says, or why it is refused. */
export type RecordItem =
  | { endpoint: string; kind: 'prediction'; item: LoggedItem }
  | { endpoint: string; kind: 'actual'; item: { id: string | number; value: unknown } }
  | { wrong: string }

const events = { 'kedge.prediction': 'prediction', 'kedge.actual': 'actual' } as const
const fields = {
  id: 'id',
  score: 'score',
  label: 'label',
  version: 'version',
  actual: 'actual',
  latency_ms: 'latencyMs',
}
const FEATURES = 'kedge.features.'

/**
 * A record is an event `kedge.prediction` or `kedge.actual` (its event name, or the attribute `event.name`) of the endpoint that
 * `kedge.endpoint` names, else `service.name`. Attributes: `kedge.id`, `kedge.score`, `kedge.label`, `kedge.version`,
 * `kedge.latency_ms`, `kedge.actual` (`kedge.value` too, of an actual), `kedge.features.NAME`, or `kedge.features` as a map. A body that is
 * a map has the same without `kedge.`; attributes go before it. A prediction without an id has one of its content.
 */
export function recordItem({ attributes, body, eventName, time, digest }: OtlpRecord): RecordItem {
  const name = eventName || attributes['event.name']
  const kind = typeof name === 'string' && Object.hasOwn(events, name) ? events[name as keyof typeof events] : undefined
  if (!kind)
    return {
      wrong: `is no event of Kedge: its event name is ${JSON.stringify(name ?? '')}, not kedge.prediction or kedge.actual`,
    }
  const endpoint = attributes['kedge.endpoint'] ?? attributes['service.name']
  if (typeof endpoint !== 'string' || endpoint === '')
    return { wrong: 'names no endpoint: the attribute kedge.endpoint, or service.name, is missing' }
  const given = isMap(body) ? body : {}
  const of = (field: string) => attributes[`kedge.${field}`] ?? given[field]
  const id = of('id')
  if (kind === 'actual') {
    const value = of('value') ?? of('actual')
    if (typeof id !== 'string' && typeof id !== 'number') return { wrong: 'has no kedge.id: that of the prediction' }
    if (value === undefined || value === null) return { wrong: 'has no kedge.value: what really happened' }
    return { endpoint, kind, item: { id, value } }
  }
  const item: Record<string, unknown> = { features: featuresOf(attributes, given) }
  for (const [field, key] of Object.entries(fields)) {
    const value = of(field)
    if (value !== undefined && value !== null) item[key] = value
  }
  item.id ??= digest
  if (time !== undefined) item.time = time
  return { endpoint, kind, item: item as LoggedItem }
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function featuresOf(attributes: Record<string, unknown>, body: Record<string, unknown>): Record<string, unknown> {
  const features: Record<string, unknown> = {
    ...(isMap(body.features) ? body.features : {}),
    ...(isMap(attributes['kedge.features']) ? attributes['kedge.features'] : {}),
  }
  for (const [name, value] of Object.entries(attributes))
    if (name.startsWith(FEATURES)) features[name.slice(FEATURES.length)] = value
  return features
}
