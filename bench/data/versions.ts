/** Versions of 3 million rows: what one that adds 1 % of them costs, and how long it takes to compare two by key (goal: 3 s). */
import { join } from 'node:path'
import type { DatasetVersion } from '../../src/data/version/dataset-version.ts'
import { by, flightsFile, openData, project } from '../../test/data/open-data.ts'

const data = await openData()
const { events } = data.environment
const path = join(data.folder, 'rows.parquet')
const rows = `SELECT toInt64(_row_number) AS id, date, delay, distance, origin, destination FROM file('${flightsFile}', Parquet)`

async function make(select: string): Promise<{ version: DatasetVersion; seconds: number }> {
  await events.command(
    `INSERT INTO FUNCTION file('${path}', Parquet) ${select} SETTINGS engine_file_truncate_on_insert = 1`,
  )
  await data.sources.put(by, project, 'rows', { kind: 'parquet', path })
  await data.datasets.put(by, project, 'flights', { from: 'rows', key: ['id'] })
  const started = performance.now()
  const version = await data.datasets.materialiseNow(by, { project, dataset: 'flights' })
  return { version, seconds: (performance.now() - started) / 1000 }
}
const first = await make(`${rows} ORDER BY id`)
const more = await make(
  `SELECT * FROM (${rows} UNION ALL SELECT id + 3000000, date, delay, distance, origin, destination FROM (${rows} LIMIT 30000)) ORDER BY id`,
)
await make(
  `SELECT id + (id % 1000 = 0 ? 10000000 : 0) AS id, date, if(id % 100 = 1, delay + 1, delay) AS delay, distance, origin, destination FROM (${rows}) ORDER BY id`,
)

const fresh = more.version.parts.filter(({ digest }) => !first.version.parts.some((part) => part.digest === digest))
const added = fresh.reduce((sum, part) => sum + part.bytes, 0)
async function timed(a: number, b: number) {
  const started = performance.now()
  const { rows: found, keys } = await data.datasets.diff(project, 'flights', a, b)
  return { seconds: (performance.now() - started) / 1000, found, keys }
}
const few = await timed(1, 2)
const all = await timed(1, 3)
console.log(`| what | measured |\n|---|---|
| version of 3,000,000 rows | ${first.seconds.toFixed(2)} s, ${first.version.parts.length} parts, ${(first.version.bytes / 2 ** 20).toFixed(1)} MiB |
| with 1 % more rows | ${more.seconds.toFixed(2)} s, ${fresh.length} new parts, ${((added / first.version.bytes) * 100).toFixed(2)} % of the bytes |
| diff of these by key | ${few.seconds.toFixed(2)} s: ${few.keys?.added} added, ${few.keys?.changed} changed |
| diff where every part differs | ${all.seconds.toFixed(2)} s: ${all.keys?.added} added, ${all.keys?.removed} removed, ${all.keys?.changed} changed |`)
await data.close()
process.exit()
