/**
 * A drift window costs the same however many predictions were recorded: profiles are merged, raw rows are not read. It is read
 * as the server reads it (`loadWindow`): whole days from their roll-ups, hours at the ends, merged by the engine.
 * Prints a Markdown table; `node bench/events/drift-window.ts`, under two minutes and about 300 MB of disk.
 *
 * 3 million prediction rows are really inserted and their hourly profiles built from them by SQL. 30 million rows over the same
 * time give the same buckets with ten times the counts, so those profiles are written as such rows would give them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadWindow } from '../../src/monitoring/day-slices.ts'
import { dayProfilesStatement } from '../../src/storage/events/day-roll-ups.ts'
import { createEmbeddedEvents } from '../../src/storage/events/embedded-events.ts'
import { mergeSketches } from '../../src/storage/events/merge-sketches.ts'
import { sketchKey } from '../../src/storage/events/sketch-key.ts'

const ROWS = 3_000_000
const HOURS = 181 * 24
const FEATURES = 10
const START = '2001-01-01 00:00:00'

const silent = () => {}
const directory = mkdtempSync(join(tmpdir(), 'kedge-bench-'))
const store = createEmbeddedEvents({
  dataDirectory: directory,
  log: { debug: silent, info: silent, warn: console.warn, error: console.error },
})
const table: string[][] = []
interface Latency {
  least: number
  median: number
}
const text = (milliseconds: number) =>
  milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(1)} s`
const line = (what: string, took: number | Latency, note = '') =>
  table.push(
    typeof took === 'number' ? [what, text(took), '', note] : [what, text(took.least), text(took.median), note],
  )

async function time(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** least and median of seven, after one that fills the caches: the least is what it costs while nothing else runs */
async function latency(work: () => Promise<unknown>): Promise<Latency> {
  await work()
  const times: number[] = []
  for (let i = 0; i < 7; i++) times.push(await time(work))
  times.sort((a, b) => a - b)
  return { least: times[0]!, median: times[3]! }
}

const numbers = Array.from(
  { length: FEATURES },
  (_, i) => `'f${i}', exp(${i} + randNormal(0, 1, ${i})) * if(number % 7 = ${i % 7}, -1, 1)`,
)

const fillPredictions = `INSERT INTO predictions
  SELECT 'bench', 'delay', 1, false, toString(number), toDateTime64('${START}', 3, 'UTC') + toIntervalMillisecond(intDiv(number * ${HOURS * 3600}, ${ROWS / 1000})), now64(3),
    'replay', 800, map(${numbers.join(', ')}), map('origin', concat('o', toString(number % 229))), rand() / 4294967295, ''
  FROM numbers(${ROWS})`

const numericProfiles = `INSERT INTO profiles
  SELECT project, endpoint, revision, '', feature, bucket, 1, sum(n), 0, sum(s), sum(q), min(low), max(high),
    groupArray(key), groupArray(n), map(), greatest(0, sum(q) - pow(sum(s), 2) / sum(n)), []
  FROM (
    SELECT project, endpoint, revision, name AS feature, toStartOfHour(time) AS bucket, ${sketchKey('x')} AS key,
      count() AS n, sum(x) AS s, sum(x * x) AS q, min(x) AS low, max(x) AS high
    FROM predictions ARRAY JOIN mapKeys(numbers) AS name, mapValues(numbers) AS x
    WHERE project = 'bench' AND isFinite(x)
    GROUP BY project, endpoint, revision, feature, bucket, key
  )
  GROUP BY project, endpoint, revision, feature, bucket`

const textProfiles = `INSERT INTO profiles
  SELECT project, endpoint, revision, '', feature, bucket, 1, sum(n), 0, 0, 0, 0, 0, [], [],
    CAST((groupArray(value), groupArray(n)), 'Map(String, UInt64)'), 0, []
  FROM (
    SELECT project, endpoint, revision, name AS feature, toStartOfHour(time) AS bucket, value, count() AS n
    FROM predictions ARRAY JOIN mapKeys(texts) AS name, mapValues(texts) AS value
    WHERE project = 'bench'
    GROUP BY project, endpoint, revision, feature, bucket, value
  )
  GROUP BY project, endpoint, revision, feature, bucket`

/** what ten times as many rows in the same hours give: about twice the keys (longer tails), ten times the counts */
const tenfold = `INSERT INTO profiles
  SELECT 'bench30', scope, revision, segment, feature, bucket, 1, count * 10, missing * 10, sum * 10, sum_squares * 10, minimum, maximum,
    arrayConcat(sketch_keys, arrayMap(k -> k + sign(k) * 40, sketch_keys)),
    arrayConcat(arrayMap(n -> n * 9, sketch_counts), sketch_counts),
    mapApply((k, v) -> (k, v * 10), categories), centred * 10, vector
  FROM profiles FINAL WHERE project = 'bench'`

const at = (text: string) => Date.parse(`${text}Z`)
const everything = { from: at('2001-01-01T00:00'), to: at('2001-07-01T00:00') }
const notWholeDays = { from: at('2001-01-01T07:00'), to: at('2001-06-30T17:00') }
const oneWeek = { from: at('2001-03-01T00:00'), to: at('2001-03-08T00:00') }

/** the same from the hours alone, as a day would cost without its roll-up */
const fromHours = `SELECT feature, sum(count) AS rows, sum(sum) AS total, sum(sum_squares) AS squares, min(minimum) AS low,
    max(maximum) AS high, ${mergeSketches()} AS sketch
  FROM profiles FINAL WHERE project = {project:String} AND scope = 'delay' AND revision = 1 AND segment = '' GROUP BY feature`

try {
  line('first use: start, migrations, a query', await time(() => store.query('SELECT 1')))
  line(
    `insert ${ROWS / 1e6}M predictions of ${FEATURES} numbers, by SQL`,
    await time(() => store.command(fillPredictions)),
  )
  line(
    'hourly profiles of the numbers from them, by SQL',
    await time(() => store.command(numericProfiles)),
    `${FEATURES} features × ${HOURS} hours`,
  )
  line(
    'hourly profiles of the texts from them, by SQL',
    await time(() => store.command(textProfiles)),
    `229 categories × ${HOURS} hours`,
  )
  await store.command(tenfold)
  line(
    'days rolled up from the hours, both sizes, by SQL',
    await time(() => store.command(dayProfilesStatement())),
    `${FEATURES + 1} features × ${HOURS / 24} days`,
  )
  const numbersOnly = Array.from({ length: FEATURES }, (_, i) => `f${i}`)
  const read = (project: string, range: { from: number; to: number }, features?: string[]) => () =>
    loadWindow(store, { project, scope: 'delay', revision: 1, ...range, ...(features ? { features } : {}) })
  for (const [project, name] of [
    ['bench', '3M'],
    ['bench30', '30M'],
  ] as const) {
    const found = await read(project, everything)()
    const rows = Math.max(...[...found.features.values()].map(({ count }) => count))
    line(
      `**window over everything, ${name} rows**, all ${found.features.size} features, 229 categories`,
      await latency(read(project, everything)),
      `${rows.toLocaleString('en')} rows counted; goal 200 ms`,
    )
    line('the same, the numbers alone', await latency(read(project, everything, numbersOnly)))
    line('from 7:00 of the first day to 17:00 of the last', await latency(read(project, notWholeDays)))
    line(`window of one week, ${name} rows`, await latency(read(project, oneWeek)))
    line(
      'for comparison: everything from the hours, the numbers alone',
      await latency(() => store.query(fromHours, { project })),
    )
  }
  line(
    'the same moments from the raw 3M rows',
    await latency(() =>
      store.query(`SELECT name, count(), sum(x), min(x), max(x), ${mergeSketches(`[${sketchKey('x')}]`, '[toUInt64(1)]')}
    FROM predictions ARRAY JOIN mapKeys(numbers) AS name, mapValues(numbers) AS x WHERE project = 'bench' GROUP BY name`),
    ),
    'for comparison',
  )
  const [disk] = await store.query<{ bytes: number }>(
    'SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active',
  )
  table.push(['disk in the end', `${(disk!.bytes / 1e6).toFixed(0)} MB`, '', ''])
  console.log(
    `load ${loadavg()
      .map((x) => x.toFixed(1))
      .join(' ')}\n`,
  )
  console.log('| what | least of 7, or once | median | |\n|---|---:|---:|---|')
  for (const row of table) console.log(`| ${row.join(' | ')} |`)
} finally {
  await store.close()
  rmSync(directory, { recursive: true, force: true })
}
