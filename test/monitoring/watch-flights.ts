import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openBlobDirectory } from '../../src/adapters/blobs/directory.ts'
import { driftMetrics } from '../../src/adapters/drift-metrics/index.generated.ts'
import { monitors } from '../../src/adapters/monitors/index.generated.ts'
import type { MonitorKind } from '../../src/contracts/monitor-kind.ts'
import type { Environment } from '../../src/environment.ts'
import { createJobs } from '../../src/jobs/jobs.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { silentLog } from '../../src/log.ts'
import type { RecordedPrediction } from '../../src/monitoring/encode-predictions.ts'
import { createMonitoring } from '../../src/monitoring/monitoring.ts'
import { createParquetTable } from '../../src/monitoring/parquet-table.ts'
import type { WatchedRevision } from '../../src/monitoring/watched-revision.ts'
import { createEmbeddedEvents } from '../../src/storage/events/embedded-events.ts'
import type { EventsStore } from '../../src/storage/events/events-store.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'

export const flights = fileURLToPath(
  new URL('../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url),
)
export const day = 86_400_000

export interface Flight {
  id: string
  time: number
  late: number
  distance: number
  hour: number
  origin: string
  /** probability of being late: the rate of its hour of the day in January */
  score: number
}

/** Monitoring on real stores in a folder of its own; queue and engine run. */
export async function openMonitoring(
  open: (directory: string) => Promise<SqlStore> = (directory) => openSqlite(directory, Date.now),
  wrap: (events: EventsStore) => EventsStore = (events) => events,
  kinds: readonly MonitorKind[] = monitors,
) {
  const directory = mkdtempSync(join(tmpdir(), 'kedge-monitoring-'))
  const store = await open(directory)
  const journal = createJournal(store)
  const events = wrap(createEmbeddedEvents({ dataDirectory: join(directory, 'events'), log: silentLog }))
  const jobs = createJobs({ store, journal, clock: Date.now, log: silentLog, node: 'test', pollInterval: 20 })
  const blobs = await openBlobDirectory(join(directory, 'blobs'))
  const environment: Environment = {
    store,
    journal,
    events,
    jobs,
    blobs,
    clock: Date.now,
    log: silentLog,
    node: 'test',
    dataDirectory: directory,
  }
  const revisions: WatchedRevision[] = []
  const monitoring = createMonitoring({
    environment,
    describe: async () => ({ revisions, threshold: 0.25 }),
    table: createParquetTable(environment),
    kinds,
    metrics: driftMetrics,
  })
  jobs.start()
  return {
    directory,
    environment,
    monitoring,
    /** what the endpoint's revisions are; changed by the test */
    revisions,
    async close() {
      await jobs.stop()
      await events.close()
      await blobs.close()
      await store.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The late rate of each hour of the day in January: a small but real model. */
const scoreSql = `SELECT toHour(date) AS hour, (countIf(delay > 15) + 1) / (count() + 5) AS score
  FROM file({flights:String}, 'Parquet') WHERE date < '2001-02-01 00:00:00' GROUP BY hour`

const sample = (share: number) =>
  `cityHash64(toString(date), origin, destination, distance, delay) % 1000 < ${Math.round(share * 1000)}`

/** A reference file as a training step would leave it: a share of January's flights with scores, truth and time. */
export async function writeReference(
  { events, blobs }: Environment,
  directory: string,
  share: number,
): Promise<string> {
  const path = join(directory, 'reference.parquet')
  await events.command(
    `INSERT INTO FUNCTION file({path:String}, 'Parquet')
     SELECT f.distance AS distance, toInt32(toHour(f.date)) AS hour, f.origin AS origin, m.score AS score,
       toInt32(f.delay > 15) AS label, f.date AS time
     FROM file({flights:String}, 'Parquet') AS f INNER JOIN (${scoreSql}) AS m ON toHour(f.date) = m.hour
     WHERE f.date < '2001-02-01 00:00:00' AND ${sample(share)}`,
    { path, flights },
  )
  return (await blobs.putFile(path)).digest
}

/** A share of the flights of some days, in time order. */
export const readFlights = ({ events }: Environment, from: string, to: string, share: number) =>
  events.query<Flight>(
    `SELECT concat('f', toString(cityHash64(toString(f.date), f.origin, f.destination, f.distance, f.delay))) AS id,
       toUnixTimestamp(toDateTime(f.date, 'UTC')) * 1000 AS time, f.delay > 15 AS late, f.distance AS distance,
       toHour(f.date) AS hour, f.origin AS origin, m.score AS score
     FROM file({flights:String}, 'Parquet') AS f INNER JOIN (${scoreSql}) AS m ON toHour(f.date) = m.hour
     WHERE f.date >= {from:String} AND f.date < {to:String} AND ${sample(share)} ORDER BY time, id LIMIT 1 BY id`,
    { flights, from: `${from} 00:00:00`, to: `${to} 00:00:00` },
  )

/** A prediction of which only when it was matters. */
export const anyPrediction = (id: string, time: number, x: number): RecordedPrediction => ({
  id,
  time,
  receivedAt: 1_700_000_000_000,
  revision: 1,
  shadow: false,
  caller: '',
  latencyUs: 100,
  features: { x },
  score: 0.5,
  label: '',
})

export const toPrediction = (flight: Flight, revision = 1, shadow = false): RecordedPrediction => ({
  id: flight.id,
  time: flight.time,
  receivedAt: 1_700_000_000_000,
  revision,
  shadow,
  caller: 'replay',
  latencyUs: 900,
  features: { distance: flight.distance, hour: flight.hour, origin: flight.origin },
  score: flight.score,
  label: '',
})

export const toActual = (flight: Flight, value: number = flight.late) => ({
  id: flight.id,
  value,
  receivedAt: 1_700_000_000_000,
})

/** Flights by day, in order. */
export function byDay(found: readonly Flight[]): Flight[][] {
  const days = new Map<number, Flight[]>()
  for (const flight of found) {
    const key = Math.floor(flight.time / day)
    const list = days.get(key)
    if (list) list.push(flight)
    else days.set(key, [flight])
  }
  return [...days.values()]
}
