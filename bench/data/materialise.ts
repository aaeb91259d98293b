/** Making a dataset version against the engine's plain copy of the same rows (read, sort nothing, write Parquet); and what the same inputs cost again. */
import { join } from 'node:path'
import { by, flightsFile, openData, project } from '../../test/data/open-data.ts'

const data = await openData()
const { events } = data.environment
const january = { from: Date.UTC(2001, 0, 1), to: Date.UTC(2001, 1, 1) }
const all = { from: Date.UTC(2001, 0, 1), to: Date.UTC(2001, 6, 2) }
const curate = [
  { cast: { delay: 'int', distance: 'int' } },
  { check: { that: 'distance > 0 and origin != destination' } },
  { deduplicate: 'all' },
  { outliers: { column: 'delay', factor: 20 } },
  { derive: { hour: 'hour(date)', weekday: 'weekday(date)', late: 'to_int(delay > 15)' } },
]
await data.sources.put(by, project, 'history', { kind: 'parquet', path: flightsFile })
await data.datasets.put(by, project, 'flights', { from: 'history', time: 'date', curate })

const csv = join(data.folder, 'flights.csv')
await events.command(
  `INSERT INTO FUNCTION file('${csv}', CSVWithNames) SELECT date, delay, distance, origin, destination FROM file('${flightsFile}', Parquet) LIMIT 1000000`,
)
await data.sources.put(by, project, 'text', { kind: 'csv', path: csv })
await data.datasets.put(by, project, 'from_csv', { from: 'text', time: 'date', curate })

async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; value: T }> {
  const started = performance.now()
  const value = await work()
  return { seconds: (performance.now() - started) / 1000, value }
}
/** The least that any tool would do: read, derive, write. */
const plain = async (source: string, where: string) =>
  (
    await timed(() =>
      events.command(
        `INSERT INTO FUNCTION file('${join(data.folder, 'plain.parquet')}', Parquet) SELECT *, toHour(date) AS hour, toDayOfWeek(date) AS weekday, delay > 15 AS late FROM ${source} WHERE ${where}`,
        undefined,
        { settings: { engine_file_truncate_on_insert: 1, output_format_parquet_compression_method: 'zstd' } },
      ),
    )
  ).seconds

const window = ({ from, to }: typeof january) =>
  `date >= fromUnixTimestamp64Milli(${from}, 'UTC') AND date < fromUnixTimestamp64Milli(${to}, 'UTC')`
const parquet = `file('${flightsFile}', Parquet)`
await plain(parquet, 'rand() % 100 = 0')

const rows: string[] = []
for (const [title, dataset, span, source] of [
  ['January from Parquet', 'flights', january, parquet],
  ['half a year from Parquet', 'flights', all, parquet],
  ['January from CSV', 'from_csv', january, `file('${csv}', CSVWithNames)`],
] as const) {
  const made = await timed(() => data.datasets.materialiseNow(by, { project, dataset, ...span }))
  const again = await timed(() => data.datasets.materialiseNow(by, { project, dataset, ...span }))
  const copy = await plain(source, window(span))
  const { read, kept } = made.value.counts
  rows.push(
    `| ${title} | ${read} | ${kept} | ${made.seconds.toFixed(2)} s | ${copy.toFixed(2)} s | ${(made.seconds / copy).toFixed(1)} | ${Math.round(read / made.seconds / 1000)}k | ${(again.seconds * 1000).toFixed(0)} ms |`,
  )
}
console.log(
  '| dataset version | rows read | kept | made in | plain copy | ratio | rows/s | again |\n|---|---|---|---|---|---|---|---|',
)
console.log(rows.join('\n'))
await data.close()
