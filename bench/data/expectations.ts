/** 12 expectations on 3 million flights: Kedge's one scan against Great Expectations' run on rows in memory, and against its whole process (`KEDGE_BENCH_PYTHON`: a Python with great_expectations 1.24, pandas and pyarrow). */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { by, flightsFile, openData, project } from '../../test/data/open-data.ts'

const python = process.env.KEDGE_BENCH_PYTHON
const data = await openData()
await data.sources.put(by, project, 'history', { kind: 'parquet', path: flightsFile })
await data.datasets.put(by, project, 'flights', { from: 'history' })
await data.datasets.materialiseNow(by, { project, dataset: 'flights' })
const all = await data.environment.events.query<{ o: string }>(
  `SELECT DISTINCT origin AS o FROM file('${flightsFile}', Parquet) ORDER BY o`,
)
const expect = [
  { not_null: 'date' },
  { not_null: 'origin' },
  { between: { column: 'delay', min: -2000, max: 2000 } },
  { between: { column: 'distance', min: 0, max: 6000 } },
  { in_set: { column: 'origin', values: all.map(({ o }) => o) } },
  { length: { column: 'destination', min: 3, max: 3 } },
  { matches: { column: 'destination', patterns: '^[A-Z]{3}$' } },
  { statistic: { column: 'delay', of: 'mean', min: 0, max: 20 } },
  { statistic: { column: 'delay', of: 'median', min: -10, max: 10 } },
  { statistic: { column: 'delay', of: 'deviation', min: 1, max: 100 } },
  { statistic: { column: 'origin', of: 'distinct', min: 10, max: 1000 } },
  { row_count: { min: 1_000_000, max: 10_000_000 } },
]
const rounds = 5
const seconds: number[] = []
for (let i = 0; i < rounds; i++) {
  const started = performance.now()
  const results = await data.drafts.check(project, 'flights', 1, expect)
  seconds.push((performance.now() - started) / 1000)
  if (i === 0) for (const result of results) if (!result.ok) console.log(`failed: ${result.kind}: ${result.message}`)
}
const own = seconds.sort((a, b) => a - b)[Math.floor(rounds / 2)]!
const columns = [
  '| who | run | whole process |',
  '|---|---|---|',
  `| Kedge, from Parquet | ${own.toFixed(3)} s | the server runs |`,
]
if (python) {
  const started = performance.now()
  const answer = JSON.parse(
    execFileSync(python, [join(import.meta.dirname, 'great-expectations.py'), flightsFile], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .trim()
      .split('\n')
      .at(-1)!,
  )
  const whole = (performance.now() - started) / 1000
  columns.push(`| Great Expectations, in memory | ${answer.run.toFixed(2)} s | ${whole.toFixed(2)} s |`)
  columns.push(`| ratio | ${(answer.run / own).toFixed(1)} | ${(whole / own).toFixed(1)} |`)
  if (answer.failed.length > 0) columns.push(`failed there: ${answer.failed.join(', ')}`)
}
console.log(columns.join('\n'))
await data.close()
process.exit()
