import { createHash } from 'node:crypto'
import type { Environment } from '../environment.ts'
import { type ErrorPlace, KedgeError } from '../errors.ts'
import { createActualsIngest, type RecordedActual, type TakenActuals } from './actuals-ingest.ts'
import { markPredictions } from './mark-predictions.ts'
import type { EndpointKey } from './stale.ts'

/** A prediction as it is recorded; features that are null, empty or not finite count as missing. */
export interface RecordedPrediction {
  /** the caller's id or ours; the same id, hour and revision again replaces the row */
  id: string
  /** event time, milliseconds since 1970 */
  time: number
  /** when Kedge got it, milliseconds since 1970 */
  receivedAt: number
  revision: number
  shadow: boolean
  caller: string
  latencyUs: number
  features: Readonly<Record<string, number | string | boolean | null>>
  score: number | null
  label: string
}

export interface Ingest {
  /** Resolves when the rows are durable and their hours will be recomputed. Repeating it changes nothing. */
  predictions(key: EndpointKey, rows: readonly RecordedPrediction[], token?: string): Promise<void>
  /** The same for actuals; `unknown` of them belong to predictions that have not come yet (they join when those come). */
  actuals(key: EndpointKey, rows: readonly RecordedActual[]): Promise<TakenActuals>
}

/** 2100-01-01: later times are a wrong unit. */
const LATEST = 4_102_444_800_000
const actor = 'monitoring'

/** The way in for what is monitored, whether Kedge serves the model or somebody else does. */
export function createIngest(environment: Environment): Ingest {
  const { events, journal, jobs } = environment
  return {
    async predictions(key, rows, token) {
      if (rows.length === 0) return
      check(rows)
      const encoded = rows.map((row) => encodePrediction(key, row))
      await events.insert('predictions', encoded, { token: token ?? digestOf(encoded) })
      const times = rows.map((row) => row.time)
      await journal.change({ actor }, (change) => markPredictions(change, jobs, key, times))
    },

    actuals: createActualsIngest(environment).take,
  }
}

function check(rows: readonly RecordedPrediction[]) {
  const places: ErrorPlace[] = []
  rows.forEach((row, i) => {
    if (!(row.time >= 0 && row.time < LATEST))
      places.push({ where: `items.${i}.time`, what: 'is not between 1970 and 2100; times are milliseconds since 1970' })
    for (const name of Object.keys(row.features))
      if (name.startsWith('$'))
        places.push({ where: `items.${i}.features.${name}`, what: 'feature names do not begin with $' })
  })
  if (places.length > 0)
    throw new KedgeError(
      'invalid_input',
      { what: `${places.length} places of the predictions are wrong` },
      { places: places.slice(0, 100) },
    )
}

function encodePrediction({ project, endpoint }: EndpointKey, row: RecordedPrediction) {
  const numbers: Record<string, number> = {}
  const texts: Record<string, string> = {}
  for (const [name, value] of Object.entries(row.features)) {
    if (typeof value === 'string') {
      if (value !== '') texts[name] = value
    } else if (typeof value === 'boolean') texts[name] = String(value)
    else if (value !== null && Number.isFinite(value)) numbers[name] = value
  }
  return {
    project,
    endpoint,
    revision: row.revision,
    shadow: row.shadow,
    id: row.id,
    time: new Date(row.time).toISOString(),
    received_at: new Date(row.receivedAt).toISOString(),
    caller: row.caller,
    latency_us: Math.max(0, Math.min(0xffff_ffff, Math.round(row.latencyUs))),
    numbers,
    texts,
    score: row.score !== null && Number.isFinite(row.score) ? row.score : null,
    label: row.label,
  }
}

/** The same rows again have the same token, so a caller that repeats an unanswered batch inserts nothing twice. */
const digestOf = (rows: readonly object[]) => createHash('sha256').update(JSON.stringify(rows)).digest('hex')
