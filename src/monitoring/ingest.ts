import { createHash } from 'node:crypto'
import type { Environment } from '../environment.ts'
import { readRecords } from '../serving/recorded-rows.ts'
import { createActualsIngest, type RecordedActual, type TakenActuals } from './actuals-ingest.ts'
import { measureImageColumns, measureImages } from './columns/image-columns.ts'
import { encodePredictions, encodeRecords, type RecordedPrediction } from './encode-predictions.ts'
import { markPredictions } from './mark-predictions.ts'
import { createRecordedIds } from './recorded-ids.ts'
import type { EndpointKey } from './stale.ts'

export interface Ingest {
  /** Resolves when the rows are durable and their hours will be recomputed. Repeating it changes nothing. */
  predictions(key: EndpointKey, rows: readonly RecordedPrediction[], token?: string): Promise<void>
  /** The same for records of an inference process, of any endpoints, in the form of `readRecords`. */
  records(bytes: Buffer, token: string): Promise<void>
  /** The same for actuals; `unknown` of them belong to predictions that have not come yet (they join when those come). */
  actuals(key: EndpointKey, rows: readonly RecordedActual[]): Promise<TakenActuals>
}

const actor = 'monitoring'

/** The way in for what is monitored, whether Kedge serves the model or somebody else does. */
export function createIngest(environment: Environment, recordedIds = createRecordedIds(environment)): Ingest {
  const { events, journal, jobs } = environment
  const actuals = createActualsIngest(environment)
  return {
    async predictions(key, rows, token) {
      if (rows.length === 0) return
      const encoded = encodePredictions(key, await measureImages(rows))
      await events.insert('predictions', encoded, { token: token ?? digestOf(encoded.bytes) })
      const times = rows.map((row) => row.time)
      await journal.change({ actor }, (change) => markPredictions(change, jobs, key, times))
    },

    async records(bytes, token) {
      const records = readRecords(bytes)
      if (records.length === 0) return
      await events.insert('predictions', encodeRecords(await measureImageColumns(records)), { token })
      const endpoints = Map.groupBy(records, ({ origin }) => `${origin.project}/${origin.endpoint}`)
      await journal.change({ actor }, async (change) => {
        for (const some of endpoints.values()) {
          const { project, endpoint } = some[0]!.origin
          const times = some.flatMap((record) => [...record.times])
          await markPredictions(change, jobs, { project, endpoint }, times)
        }
      })
    },

    async actuals(key, rows) {
      const recorded = await recordedIds(key)
      return actuals.take(
        key,
        rows.map((row) => ({ ...row, id: recorded(row.id) })),
      )
    },
  }
}

/** The same rows again have the same token, so a caller that repeats an unanswered batch inserts nothing twice. */
const digestOf = (rows: Uint8Array) => createHash('sha256').update(rows).digest('hex')
