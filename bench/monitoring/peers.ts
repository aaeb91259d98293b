/**
 * 1,000,000 rows of flights against 1,000,000 later ones, from Parquet files to the verdict, the whole process: `kedge check`
 * beside Evidently (drift and summary), whylogs (profiles), NannyML (univariate drift in 10 chunks) and NannyML's CBPE.
 * The peers run in environments of their own, from the lock files of this folder; where they define a number as Kedge does,
 * it is compared.
 *
 *   node bench/monitoring/peers.ts [--rows 1000000] [--rounds 3] [--peers evidently,whylogs,nannyml,cbpe]
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Comparison } from '../../src/comparison/comparison.ts'
import { openTableEngine } from '../../src/comparison/table-engine.ts'
import { quote } from '../../src/storage/events/bind-parameters.ts'
import { pythonEnvironment } from '../../test/servers/python-env.ts'
import { processTree } from '../tracking/process-tree.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    peers: { type: 'string', default: 'evidently,whylogs,nannyml,cbpe' },
  },
})
const rows = Number(values.rows)
const rounds = Number(values.rounds)
const peers = new Set(values.peers.split(','))
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'kedge-bench-monitoring-'))
const file = (name: string) => join(folder, `${name}.parquet`)

/** Four columns of flights; and for CBPE whether one was late, with a probability that knows the hour and the place. */
async function writeTables() {
  const flights = quote(here('../../node_modules/vega-datasets/data/flights-3m.parquet'))
  const engine = await openTableEngine()
  const score = `1 / (1 + exp(-(-1.5 + (toHour(date) - 12) * 0.12 + (cityHash64(origin) % 100 / 100. - 0.5) * 0.8)))`
  const columns = {
    drift: 'delay, distance, origin, destination',
    cbpe: `toUInt8(delay > 15) AS late, ${score} AS p_late`,
  }
  for (const [kind, selected] of Object.entries(columns))
    for (const [side, offset] of [
      ['reference', 0],
      ['current', 2_000_000],
    ] as const)
      await engine.query(
        `INSERT INTO FUNCTION file(${quote(file(`${kind}-${side}`))}, Parquet) SELECT ${selected} FROM (SELECT * FROM file(${flights}) LIMIT ${rows} OFFSET ${offset}) SETTINGS max_threads = 1`,
      )
  await engine.close()
}

/** Clock ticks a second in /proc. */
const TICKS = 100

interface Run {
  seconds: number
  /** user and system, as of the last look at each of its processes */
  processor: number
  /** the largest resident memory of each of its processes, together: an upper bound of what it had at once */
  mebibytes: number
  output: string
}

function run(command: string, parameters: string[]): Promise<Run> {
  const began = performance.now()
  const child = spawn(command, parameters, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  })
  const most = new Map<number, number>()
  const ticks = new Map<number, number>()
  const look = () => {
    for (const pid of processTree(child.pid!))
      try {
        const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
        if (peak) most.set(pid, Number(peak[1]) / 1024)
        const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
        ticks.set(pid, (Number(fields[11]) + Number(fields[12])) / TICKS)
      } catch {
        // it has ended
      }
  }
  const timer = setInterval(look, 20)
  let output = ''
  let errors = ''
  child.stdout.on('data', (piece) => {
    output += piece
  })
  child.stderr.on('data', (piece) => {
    errors += piece
  })
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      clearInterval(timer)
      const seconds = (performance.now() - began) / 1000
      if (code === 0 || (code === 1 && output.startsWith('{')))
        resolve({ seconds, processor: sum(ticks), mebibytes: sum(most), output })
      else reject(new Error(`${command} ${parameters.join(' ')} ended with ${code}: ${errors.slice(-3000)}`))
    })
    child.once('error', reject)
  })
}

const sum = (values: Map<number, number>) => [...values.values()].reduce((a, b) => a + b, 0)

const kedge = (kind: string, ...options: string[]) =>
  run(process.execPath, [
    here('../../bin/kedge.mjs'),
    'check',
    file(`${kind}-reference`),
    file(`${kind}-current`),
    '--json',
    ...options,
  ])

async function best(times: number, once: () => Promise<Run>): Promise<Run> {
  let found = await once()
  for (let i = 1; i < times; i++) {
    const next = await once()
    if (next.seconds < found.seconds) found = next
  }
  return found
}

async function peer(lock: string, script: string, kind: string): Promise<Run> {
  const python = await pythonEnvironment(here(`./${lock}.lock`))
  return run(python, [here(`./${script}.py`), file(`${kind}-reference`), file(`${kind}-current`)])
}

const line = (...cells: (string | number)[]) => console.log(`| ${cells.join(' | ')} |`)
const short = (x: number) => (x >= 100 ? String(Math.round(x)) : x.toPrecision(3))

try {
  await writeTables()
  const drift = await best(rounds, () => kedge('drift'))
  const cbpe = await best(rounds, () => kedge('cbpe', '--target', 'late', '--score', 'p_late'))
  const comparison = JSON.parse(drift.output) as Comparison
  line(
    'what, whole process',
    'seconds',
    'of a processor',
    'MiB',
    'times Kedge’s time',
    'times its processor time',
    'times its memory',
  )
  line('---', ...Array<string>(6).fill('---:'))
  line(
    '`kedge check`: quality, drift, correlations, 4 columns',
    short(drift.seconds),
    short(drift.processor),
    short(drift.mebibytes),
    1,
    1,
    1,
  )
  const shown = (name: string, its: Run, ours: Run) =>
    line(
      name,
      short(its.seconds),
      short(its.processor),
      short(its.mebibytes),
      short(its.seconds / ours.seconds),
      short(its.processor / ours.processor),
      short(its.mebibytes / ours.mebibytes),
    )
  const checks: string[] = []
  const same = (what: string, ours: number, theirs: number, within: number) => {
    const off = Math.abs(ours - theirs) / Math.max(1e-12, Math.abs(theirs))
    checks.push(
      `${what}: ${short(ours)} and ${short(theirs)}${off <= within ? '' : `: MORE THAN ${within * 100} % APART`}`,
    )
  }
  const feature = (name: string) => comparison.features.find((one) => one.feature === name)!
  if (peers.has('evidently')) {
    const its = await peer('evidently', 'evidently_peer', 'drift')
    shown('Evidently 0.7.23, drift and summary', its, drift)
    const told = JSON.parse(its.output) as { mean: Record<string, number> }
    for (const name of ['delay', 'distance'])
      same(`mean of ${name}, Evidently`, feature(name).current.mean!, told.mean[name]!, 1e-6)
  }
  if (peers.has('whylogs')) {
    const its = await peer('whylogs', 'whylogs_peer', 'drift')
    shown('whylogs 1.6.4, profiles only', its, drift)
    const told = JSON.parse(its.output) as Record<'mean' | 'median' | 'distinct', Record<string, number>>
    for (const name of ['delay', 'distance'])
      same(`mean of ${name}, whylogs`, feature(name).current.mean!, told.mean[name]!, 1e-6)
    same('median of distance, whylogs', feature('distance').current.quantiles!.p50, told.median.distance!, 0.02)
    for (const name of ['origin', 'destination'])
      same(
        `distinct of ${name}, whylogs`,
        comparison.columns.find((one) => one.name === name)!.current!.distinct!,
        told.distinct[name]!,
        0.02,
      )
  }
  if (peers.has('nannyml')) {
    const its = await peer('nannyml', 'nannyml_peer', 'drift')
    shown('NannyML 0.13.1, Jensen-Shannon in 10 chunks', its, drift)
  }
  line(
    '`kedge check --target --score`: CBPE, realised performance, drift of the score',
    short(cbpe.seconds),
    short(cbpe.processor),
    short(cbpe.mebibytes),
    1,
    1,
    1,
  )
  if (peers.has('cbpe')) {
    const its = await peer('nannyml', 'nannyml_cbpe', 'cbpe')
    shown('NannyML 0.13.1, CBPE in 10 chunks', its, cbpe)
    const told = JSON.parse(its.output) as Record<'roc_auc' | 'accuracy', number>
    const own = (JSON.parse(cbpe.output) as Comparison).performance!.metrics
    const estimated = (name: string) => (own.find((one) => one.name === name)!.estimated as { value: number }).value
    same('expected AUC, NannyML (mean of chunks)', estimated('auc'), told.roc_auc, 0.02)
    same('expected accuracy, NannyML (mean of chunks)', estimated('accuracy'), told.accuracy, 0.02)
  }
  console.log(`\n${rows.toLocaleString('en')} rows a side, Kedge the best of ${rounds}. Compared:`)
  for (const check of checks) console.log(`- ${check}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
