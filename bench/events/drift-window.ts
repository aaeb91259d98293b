/**
 * A drift window costs the same however many predictions were recorded: profiles are merged, raw rows are not read.
 * Prints a Markdown table; `node bench/events/drift-window.ts`, under two minutes and about 300 MB of disk.
 *
 * 3 million prediction rows are really inserted and their hourly profiles built from them by SQL. 30 million rows over the same
 * time give the same buckets with ten times the counts, so those profiles are written as such rows would give them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
const line = (what: string, milliseconds: number, note = '') =>
  table.push([
    what,
    milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(1)} s`,
    note,
  ])

async function time(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** median of seven, after one that fills the caches */
async function latency(work: () => Promise<unknown>): Promise<number> {
  await work()
  const times: number[] = []
  for (let i = 0; i < 7; i++) times.push(await time(work))
  return times.sort((a, b) => a - b)[3]!
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
    groupArray(key), groupArray(n), map()
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
    CAST((groupArray(value), groupArray(n)), 'Map(String, UInt64)')
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
    mapApply((k, v) -> (k, v * 10), categories)
  FROM profiles FINAL WHERE project = 'bench'`

const window = `profiles FINAL WHERE project = {project:String} AND scope = 'delay' AND revision = 1 AND segment = ''
    AND bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}`

/** all features of a window, merged in one query */
const merged = `SELECT feature, sum(count) AS rows, sum(missing) AS without, sum(sum) AS total, sum(sum_squares) AS squares,
    min(minimum) AS low, max(maximum) AS high, ${mergeSketches()} AS sketch
  FROM ${window} GROUP BY feature`

const categories = `SELECT feature, category, sum(n) AS rows FROM (SELECT feature, categories FROM ${window} AND notEmpty(categories))
  ARRAY JOIN mapKeys(categories) AS category, mapValues(categories) AS n GROUP BY feature, category`

const everything = { from: new Date('2001-01-01T00:00:00Z'), to: new Date('2001-07-02T00:00:00Z') }
const oneWeek = { from: new Date('2001-03-01T00:00:00Z'), to: new Date('2001-03-08T00:00:00Z') }

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
  const ask = (sql: string, project: string, range: object) => () =>
    store.query<{ rows: number }>(sql, { project, ...range })
  const both = (project: string, range: object) => () =>
    Promise.all([ask(merged, project, range)(), ask(categories, project, range)()])
  for (const [project, name] of [
    ['bench', '3M'],
    ['bench30', '30M'],
  ] as const) {
    const answer = await ask(merged, project, everything)()
    const rows = Math.max(...answer.map((row) => row.rows))
    const all = await latency(ask(merged, project, everything))
    line(
      `**window over everything, ${name} rows**, all ${answer.length} features`,
      all,
      `${rows.toLocaleString('en')} rows counted; goal 200 ms`,
    )
    line(`the same with the counts of 229 categories`, await latency(both(project, everything)), 'two queries at once')
    line(`window of one week, ${name} rows, with categories`, await latency(both(project, oneWeek)))
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
  table.push(['disk in the end', `${(disk!.bytes / 1e6).toFixed(0)} MB`, ''])
  console.log('| what | time | |\n|---|---:|---|')
  for (const row of table) console.log(`| ${row.join(' | ')} |`)
} finally {
  await store.close()
  rmSync(directory, { recursive: true, force: true })
}
