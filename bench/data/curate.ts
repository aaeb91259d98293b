/** Read, check, deduplicate, outliers, derive, write and profile 3 million flights: Kedge against pandas by hand in a process of its own (`KEDGE_BENCH_PYTHON`: a Python with pandas and pyarrow). Memory is the peak of the engine's process. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { by, flightsFile, openData, project } from '../../test/data/open-data.ts'

const python = process.env.KEDGE_BENCH_PYTHON
const data = await openData()
const { events } = data.environment
const curate = [
  { check: { that: 'distance > 0 and origin != destination' } },
  { deduplicate: 'all' },
  { outliers: { column: 'delay', factor: 20 } },
  { derive: { hour: 'hour(date)', weekday: 'weekday(date)', late: 'to_int(delay > 15)' } },
]
await data.sources.put(by, project, 'history', { kind: 'parquet', path: flightsFile })
await data.datasets.put(by, project, 'flights', { from: 'history', curate })
await events.query('SELECT 1')

/** Seconds of processors that the engine and this process have used. */
const cpu = () => {
  const [user, system] = readFileSync(`/proc/${events.status().pid}/stat`, 'utf8')
    .split(') ')[1]!
    .split(' ')
    .slice(11, 13)
  const own = process.cpuUsage()
  return (Number(user) + Number(system)) / 100 + (own.user + own.system) / 1e6
}
const stages: [string, number][] = []
const started = performance.now()
const progress = (value: unknown) => stages.push([(value as { stage: string }).stage, cpu()])
const version = await data.datasets.materialiseNow(by, { project, dataset: 'flights' }, { progress })
const seconds = (performance.now() - started) / 1000
const ends = [...stages.slice(1).map(([, at]) => at), cpu()]
const used = ends.at(-1)! - stages[0]![1]
const { pid } = events.status()
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024
const lines = [
  '| who | curate, write, profile | of processors | kept | peak of memory |',
  '|---|---|---|---|---|',
  `| Kedge | ${seconds.toFixed(2)} s | ${used.toFixed(2)} s | ${version.counts.kept} | ${peak.toFixed(0)} MiB |`,
]
if (python) {
  const answer = JSON.parse(
    execFileSync(python, [join(import.meta.dirname, 'pandas-by-hand.py'), flightsFile, data.folder], {
      encoding: 'utf8',
    }),
  )
  lines.push(
    `| pandas by hand | ${answer.seconds.toFixed(2)} s | ${answer.cpu.toFixed(2)} s | ${answer.kept} | ${answer.peak.toFixed(0)} MiB |`,
  )
  lines.push(
    `| ratio | ${(answer.seconds / seconds).toFixed(1)} | ${(answer.cpu / used).toFixed(1)} | | ${(answer.peak / peak).toFixed(1)} |`,
  )
}
console.log(lines.join('\n'))
console.log(
  `seconds of processors by stage: ${stages.map(([stage, at], i) => `${stage} ${(ends[i]! - at).toFixed(2)}`).join(', ')}`,
)
await data.close()
process.exit()
