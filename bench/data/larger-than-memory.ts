/**
 * Read, check, deduplicate by key and as a whole, outliers, derive, sort into parts, write and profile of flights that are several times
 * as large in memory as the events engine may use: `--limit` megabytes (600), `--times` (3). Memory is the peak of the engine's process.
 *
 *   node bench/data/larger-than-memory.ts [--limit 600] [--times 3]
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { by, flightsFile, openData, project } from '../../test/data/open-data.ts'

const { values } = parseArgs({
  options: { limit: { type: 'string', default: '600' }, times: { type: 'string', default: '3' } },
})
const limit = Number(values.limit) * 2 ** 20
const data = await openData({ memoryLimit: limit })
const { events } = data.environment
const [one] = await events.query<{ bytes: number; rows: number }>(
  `SELECT sum(byteSize(date, delay, distance, origin, destination)) + 8 * count() AS bytes, count() AS rows FROM file('${flightsFile}', Parquet)`,
)
const copies = Math.ceil((Number(values.times) * limit) / Number(one!.bytes))
const path = join(data.folder, 'rows.parquet')
await events.command(
  `INSERT INTO FUNCTION file('${path}', Parquet) SELECT toInt64(_row_number + copy * ${one!.rows}) AS id, date + toIntervalSecond(copy) AS date, delay, distance, origin, destination FROM numbers(${copies}) AS n ARRAY JOIN [toInt64(number)] AS copy CROSS JOIN (SELECT *, _row_number FROM file('${flightsFile}', Parquet)) AS f SETTINGS join_algorithm = 'hash'`,
)
console.error(`${copies} copies, ${(statSync(path).size / 2 ** 20).toFixed(0)} MiB of Parquet`)
await data.sources.put(by, project, 'rows', { kind: 'parquet', path })
await data.datasets.put(by, project, 'flights', {
  from: 'rows',
  curate: [
    { check: { that: 'distance > 0 and origin != destination' } },
    { deduplicate: ['id'] },
    { deduplicate: 'all' },
    { outliers: { column: 'delay', factor: 20 } },
    { derive: { hour: 'hour(date)', weekday: 'weekday(date)', late: 'to_int(delay > 15)' } },
  ],
})
const started = performance.now()
const version = await data.datasets.materialiseNow(
  by,
  { project, dataset: 'flights' },
  { progress: (value) => console.error(((performance.now() - started) / 1000).toFixed(0), JSON.stringify(value)) },
)
const seconds = (performance.now() - started) / 1000
const peak =
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${events.status().pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024
const rows = version.counts.read
console.log(`| rows | in memory they would take | limit of the engine | peak of its process | seconds | rows/s |
|---|---|---|---|---|---|
| ${rows.toLocaleString('en')} | ${((copies * Number(one!.bytes)) / 2 ** 20).toFixed(0)} MiB | ${values.limit} MiB | ${peak.toFixed(0)} MiB | ${seconds.toFixed(0)} | ${Math.round(rows / seconds).toLocaleString('en')} |`)
await data.close()
process.exit()
