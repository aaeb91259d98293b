import { createHash, randomUUID } from 'node:crypto'
import { type ErrorPlace, KedgeError } from '../errors.ts'
import type { RecordedActual } from './actuals-ingest.ts'
import type { RecordedPrediction } from './encode-predictions.ts'
import type { ExternalEndpointSpec } from './log-endpoint-spec.ts'

/** A prediction that was made elsewhere, as its caller sends it; anything may be wrong with it. */
export interface LoggedItem {
  id?: unknown
  time?: unknown
  features?: unknown
  score?: unknown
  label?: unknown
  version?: unknown
  actual?: unknown
  latencyMs?: unknown
  /** of an endpoint that Kedge serves: which revision predicted */
  revision?: unknown
  shadow?: unknown
}

export interface LoggedRow extends Omit<RecordedPrediction, 'revision'> {
  version: string
  /** told by number; else that of the version */
  revision: number | undefined
  /** whether the caller named a time */
  timed: boolean
}

export interface LoggedRows {
  rows: LoggedRow[]
  actuals: RecordedActual[]
  /** by index, where the caller named none */
  newIds: Map<number, string>
}

export interface ReadRowsOptions {
  receivedAt: number
  caller: string
  /** the same key again gives predictions without an id the same ids */
  idempotencyKey?: string | undefined
  spec?: Pick<ExternalEndpointSpec, 'features' | 'positive'> | undefined
}

const known = new Set([
  'id',
  'time',
  'features',
  'score',
  'label',
  'version',
  'actual',
  'latencyMs',
  'revision',
  'shadow',
])
const mostPlaces = 100
const LATEST = 4_102_444_800_000
const day = 86_400_000

/** Reads what a caller logged. Errors: `invalid_input` with the row and field of everything that is wrong, at most 100. */
export function readLoggedRows(items: readonly LoggedItem[], options: ReadRowsOptions): LoggedRows {
  const places: ErrorPlace[] = []
  const read: LoggedRows = { rows: [], actuals: [], newIds: new Map() }
  for (let i = 0; i < items.length && places.length < mostPlaces; i++) {
    const wrong = (field: string, what: string) =>
      void places.push({ where: `items.${i}${field && `.${field}`}`, what })
    const item = items[i]
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      wrong('', 'is no prediction: an object with features and a score or a label')
      continue
    }
    for (const key of Object.keys(item))
      if (!known.has(key)) wrong(key, `is not known; known are ${[...known].join(', ')}`)
    const id = idOf(item.id, wrong) ?? newId(i, options)
    if (item.id === undefined || item.id === null) read.newIds.set(i, id)
    const row: LoggedRow = {
      id,
      time: timeOf(item.time, options.receivedAt, wrong),
      timed: item.time !== undefined && item.time !== null,
      receivedAt: options.receivedAt,
      revision: item.revision === undefined ? undefined : wholeNumber(item.revision, 'revision', wrong),
      version: textOf(item.version, 'version', wrong),
      shadow: flag(item.shadow, wrong),
      caller: options.caller,
      latencyUs: 1000 * (numberOf(item.latencyMs, 'latencyMs', wrong) ?? 0),
      features: featuresOf(item.features, options.spec?.features, wrong),
      score: numberOf(item.score, 'score', wrong),
      label: textOf(item.label, 'label', wrong),
    }
    read.rows.push(row)
    const actual = actualOf(item.actual, 'actual', wrong)
    if (actual !== undefined)
      read.actuals.push({ id, value: asTruth(actual, options.spec?.positive), receivedAt: options.receivedAt })
  }
  refuse(places)
  return read
}

/** Reads actuals that a caller sends: a list of `{id, value}`. */
export function readLoggedActuals(
  items: readonly { id?: unknown; value?: unknown }[],
  { receivedAt, spec }: Pick<ReadRowsOptions, 'receivedAt' | 'spec'>,
): RecordedActual[] {
  const places: ErrorPlace[] = []
  const rows: RecordedActual[] = []
  for (let i = 0; i < items.length && places.length < mostPlaces; i++) {
    const wrong = (field: string, what: string) => void places.push({ where: `items.${i}.${field}`, what })
    const id = idOf(items[i]?.id, wrong)
    if (id === undefined) wrong('id', 'is missing: the id of the prediction')
    const value = actualOf(items[i]?.value, 'value', wrong)
    if (value === undefined) wrong('value', 'is missing: a number, a truth value or a class')
    if (id !== undefined && value !== undefined) rows.push({ id, value: asTruth(value, spec?.positive), receivedAt })
  }
  refuse(places)
  return rows
}

/** A class as 1 or 0 where the endpoint says which one counts. */
export const asTruth = (value: RecordedActual['value'], positive: ExternalEndpointSpec['positive']) =>
  positive === undefined ? value : String(value) === String(positive) ? 1 : 0

function refuse(places: readonly ErrorPlace[]) {
  if (places.length > 0)
    throw new KedgeError(
      'invalid_input',
      {
        what: `Nothing was logged: ${places[0]!.where} ${places[0]!.what}${places.length > 1 ? `, and ${places.length - 1} more` : ''}`,
      },
      { places: places.slice(0, mostPlaces) },
    )
}

type Wrong = (field: string, what: string) => void

function newId(index: number, { idempotencyKey, caller }: ReadRowsOptions): string {
  if (idempotencyKey === undefined) return randomUUID()
  return createHash('sha256')
    .update(JSON.stringify([caller, idempotencyKey, index]))
    .digest('hex')
    .slice(0, 32)
}

function idOf(given: unknown, wrong: Wrong): string | undefined {
  if (given === undefined || given === null) return undefined
  const id = typeof given === 'number' && Number.isSafeInteger(given) ? String(given) : given
  if (typeof id === 'string' && id !== '' && id.length <= 256) return id
  wrong('id', 'is no id: a text of 1 to 256 characters')
  return undefined
}

function timeOf(given: unknown, now: number, wrong: Wrong): number {
  if (given === undefined || given === null) return now
  const time = typeof given === 'number' ? given : typeof given === 'string' ? parseTime(given) : Number.NaN
  const seconds = typeof given === 'number' && given > 1e8 && given < 1e11
  if (Number.isNaN(time)) wrong('time', 'is neither milliseconds since 1970 nor ISO 8601')
  else if (seconds) wrong('time', 'looks like seconds; times are milliseconds since 1970 or ISO 8601')
  else if (!(time >= 0 && time < LATEST)) wrong('time', 'is not between 1970 and 2100')
  else if (time > now + day) wrong('time', 'lies more than a day in the future')
  return Math.floor(time)
}

/** A time without a zone is UTC. */
const parseTime = (text: string) =>
  Date.parse(/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${text.replace(' ', 'T')}Z` : text)

function numberOf(given: unknown, field: string, wrong: Wrong): number | null {
  if (given === undefined || given === null) return null
  if (typeof given === 'number') return given
  wrong(field, `must be a number, not ${kindOf(given)}`)
  return null
}

function wholeNumber(given: unknown, field: string, wrong: Wrong): number {
  if (typeof given === 'number' && Number.isInteger(given) && given >= 0 && given < 2 ** 32) return given
  wrong(field, 'must be a whole number')
  return 0
}

function flag(given: unknown, wrong: Wrong): boolean {
  if (given === undefined || typeof given === 'boolean') return given ?? false
  wrong('shadow', 'must be true or false')
  return false
}

function textOf(given: unknown, field: string, wrong: Wrong): string {
  if (given === undefined || given === null) return ''
  const text = typeof given === 'number' || typeof given === 'boolean' ? String(given) : given
  if (typeof text === 'string' && text.length <= 1000) return text
  wrong(field, 'must be a text of at most 1000 characters, a number or a truth value')
  return ''
}

function actualOf(given: unknown, field: string, wrong: Wrong): RecordedActual['value'] | undefined {
  if (given === undefined || given === null || given === '') return undefined
  if (typeof given === 'number' || typeof given === 'boolean') return given
  if (typeof given === 'string' && given.length <= 1000) return given
  wrong(field, 'must be a number, a truth value or a class of at most 1000 characters')
  return undefined
}

function featuresOf(given: unknown, declared: ExternalEndpointSpec['features'], wrong: Wrong): LoggedRow['features'] {
  if (given === undefined || given === null) return {}
  if (typeof given !== 'object' || Array.isArray(given)) {
    wrong('features', 'must be an object of names and values')
    return {}
  }
  const features = given as Record<string, unknown>
  for (const name in features) {
    const value = features[name]
    const type = typeof value
    const at = `features.${name}`
    if (name === '' || name.length > 256 || name.startsWith('$'))
      wrong(at, 'names of features have 1 to 256 characters and do not begin with $')
    else if (value !== null && type !== 'number' && type !== 'string' && type !== 'boolean' && !isVector(value))
      wrong(at, `must be a number, a text, a truth value, a list of numbers or null, not ${kindOf(value)}`)
    else if (declared) {
      const wanted = declared[name]
      if (!wanted) wrong(at, `is no feature of the endpoint; its features are ${Object.keys(declared).join(', ')}`)
      else if (value !== null && (type === 'number') !== (wanted === 'number'))
        wrong(at, `is declared as a ${wanted}, and this is ${kindOf(value)}`)
    }
  }
  return features as LoggedRow['features']
}

/** numbers that a vector has at most */
const longest = 8192
const isVector = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= longest && value.every((x) => typeof x === 'number' && Number.isFinite(x))

const kindOf = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`)
