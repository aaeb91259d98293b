/**
 * The same load from the same client on Kedge and on MLflow's own server (PyPI, its default workers), on SQLite or with
 * `--postgres` on PostgreSQL: rates, latencies, memory and their ratios, and that both answer the same. The loads alternate
 * between the two in short rounds; Kedge is stopped (SIGSTOP) while MLflow is measured, whose parent would replace workers that were
 * stopped. `--kedge-only` leaves MLflow out,
 * `--quick` takes one short round.
 */
import { deepStrictEqual } from 'node:assert'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startPostgres } from '../../test/servers/postgres.ts'
import { type Connection, openConnection, timeAnswers } from './http-client.ts'
import { median, putLoad, type Rate } from './load.ts'
import { memoryOf } from './process-tree.ts'
import { measureRawLimit } from './raw-limit.ts'
import { ask, comparable, readHistory, readRuns } from './read-back.ts'
import { searchBody, searchRuns } from './search-data.ts'
import { seedRuns } from './seed.ts'
import { type Server, startKedgeServer, startMlflowServer } from './servers.ts'

const has = (flag: string) => process.argv.includes(flag)
const rounds = has('--quick') ? 1 : 3
const seconds = has('--quick') ? 0.5 : 1
const warmUp = seconds / 2
const directory = mkdtempSync(join(tmpdir(), 'kedge-bench-tracking-'))
const postgres = has('--postgres') ? await startPostgres({ shared_buffers: '128MB' }) : undefined
const say = (text: string) => process.stderr.write(`${text}\n`)

interface Side {
  server: Server
  connections: Connection[]
  experiment: string
  /** one for each connection */
  runs: string[]
  /** points, params and tags that were acknowledged, by run */
  sent: Map<string, number>
}

async function openSide(server: Server): Promise<Side> {
  const connections = Array.from({ length: 8 }, () => openConnection(server.port))
  const { experiment_id: experiment } = await ask(connections[0]!, 'POST', 'experiments/create', { name: 'load' })
  const runs: string[] = []
  for (let i = 0; i < 8; i++)
    runs.push(
      (await ask(connections[0]!, 'POST', 'runs/create', { experiment_id: experiment, run_name: `load-${i}` })).run.info
        .run_id,
    )
  return { server, connections, experiment, runs, sent: new Map() }
}

const sides: Side[] = []
const withServer = async <T>(side: Side, work: () => Promise<T>): Promise<T> => {
  for (const other of sides) if (other !== side && other.server.name === 'kedge') other.server.pause()
  side.server.resume()
  return work()
}

/** Counts what is sent to a run, so that every request is different and can be found again. */
function count(side: Side, kind: string, index: number): { run: string; number: number } {
  const run = side.runs[index]!
  const key = `${kind}/${run}`
  const number = side.sent.get(key) ?? 0
  side.sent.set(key, number + 1)
  return { run, number }
}
const valueAt = (step: number) => Math.sin(step) * 10
const path = (method: string) => `/api/2.0/mlflow/runs/${method}`

type Make = (side: Side, connection: number) => { path: string; body: string }
const writes: Record<string, Make> = {
  'runs/create': (side) => ({
    path: path('create'),
    body: JSON.stringify({ experiment_id: side.experiment, start_time: Date.now(), run_name: 'made' }),
  }),
  'log-metric': (side, index) => {
    const { run, number } = count(side, 'metric', index)
    return {
      path: path('log-metric'),
      body: JSON.stringify({ run_id: run, key: 'loss', value: valueAt(number), timestamp: number, step: number }),
    }
  },
  'log-batch of 1,000 metrics': (side, index) => {
    const { run, number } = count(side, 'batch', index)
    const metrics = Array.from({ length: 1000 }, (_, i) => {
      const step = number * 100 + Math.floor(i / 10)
      return { key: `batch-${i % 10}`, value: valueAt(step), timestamp: step, step }
    })
    return { path: path('log-batch'), body: JSON.stringify({ run_id: run, metrics }) }
  },
  'log-parameter': (side, index) => {
    const { run, number } = count(side, 'param', index)
    return {
      path: path('log-parameter'),
      body: JSON.stringify({ run_id: run, key: `p${number}`, value: `v${number}` }),
    }
  },
  'set-tag': (side, index) => {
    const { run, number } = count(side, 'tag', index)
    return { path: path('set-tag'), body: JSON.stringify({ run_id: run, key: `t${number}`, value: `v${number}` }) }
  },
}

const measured = new Map<string, Map<Server['name'], Rate[]>>()
async function measure(name: string, side: Side, clients: number, make: Make, time = seconds) {
  const rates = await withServer(side, async () => {
    const some = side.connections.slice(0, clients)
    // each connection logs to a run of its own
    const results = await Promise.all(some.map((connection, i) => putLoad([connection], time, () => make(side, i))))
    return {
      rate: results.reduce((sum, result) => sum + result.rate, 0),
      p50: median(results.map((result) => result.p50)),
      p99: Math.max(...results.map((result) => result.p99)),
    }
  })
  const row = measured.get(name) ?? new Map<Server['name'], Rate[]>()
  measured.set(name, row)
  row.set(side.server.name, [...(row.get(side.server.name) ?? []), rates])
}

const number = (value: number) =>
  value >= 100
    ? Math.round(value).toLocaleString('en')
    : value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 1 })
const lines: string[] = []
const row = (...cells: (string | number | undefined)[]) =>
  lines.push(
    `| ${cells.map((cell) => (cell === undefined ? '' : typeof cell === 'number' ? number(cell) : cell)).join(' | ')} |`,
  )
const of = (name: string, server: Server['name'], what: keyof Rate): number | undefined => {
  const found = measured.get(name)?.get(server)
  return found && median(found.map((rate) => rate[what]))
}
/** the median of the rounds' own ratios: what else the machine did meets both sides of a round */
const ratio = (name: string, what: keyof Rate): string => {
  const kedge = measured.get(name)?.get('kedge') ?? []
  const mlflow = measured.get(name)?.get('mlflow') ?? []
  if (mlflow.length === 0) return ''
  const each = kedge.map((rate, i) => (what === 'rate' ? rate.rate / mlflow[i]!.rate : mlflow[i]![what] / rate[what]))
  return `${number(median(each))} ×`
}

try {
  const place = (name: string) => postgres?.createDatabase(name)
  for (const start of [startKedgeServer, ...(has('--kedge-only') ? [] : [startMlflowServer])]) {
    for (const side of sides) side.server.pause()
    const server = await start(directory, await place(start === startKedgeServer ? 'kedge' : 'mlflow'))
    say(`${server.name} started in ${number(server.startedIn)} ms`)
    sides.push(await openSide(server))
  }
  // workers go on starting after the server answers
  if (!has('--kedge-only')) await pause(5000)

  for (const [name, make] of Object.entries(writes))
    for (const clients of [1, 8])
      for (let round = 0; round < rounds; round++)
        for (const side of sides) {
          // not counted: what a server does the first time
          if (round === 0)
            await withServer(side, () => putLoad(side.connections.slice(0, 1), warmUp, () => make(side, 0)))
          await measure(`${name}, ${clients}`, side, clients, make)
          say(
            `${side.server.name} ${name}, ${clients}: ${number(measured.get(`${name}, ${clients}`)!.get(side.server.name)!.at(-1)!.rate)}/s`,
          )
        }

  // search
  const runs = searchRuns(5000)
  const searched = new Map<Side, string>()
  for (const side of sides) {
    searched.set(side, await withServer(side, () => seedRuns(side.server, side.connections, 'search', runs)))
    say(`${side.server.name}: 5,000 runs seeded`)
  }
  let variant = 0
  for (const clients of [1, 8])
    for (let round = 0; round < rounds; round++)
      for (const side of sides) {
        const make: Make = () => ({ path: path('search'), body: searchBody(searched.get(side)!, variant++) })
        await measure(
          `search, ${clients}`,
          side,
          clients,
          make,
          side.server.name === 'kedge' ? seconds * 2 : seconds * 5,
        )
      }

  // history
  const history = new Map<Side, string>()
  for (const side of sides)
    await withServer(side, async () => {
      const made = await ask(side.connections[0]!, 'POST', 'runs/create', {
        experiment_id: side.experiment,
        run_name: 'history',
      })
      history.set(side, made.run.info.run_id)
      for (let i = 0; i < 100; i++) {
        const metrics = Array.from({ length: 1000 }, (_, k) => {
          const step = i * 1000 + k
          return { key: 'curve', value: valueAt(step), timestamp: 1_700_000_000_000 + step, step }
        })
        await ask(side.connections[0]!, 'POST', 'runs/log-batch', { run_id: made.run.info.run_id, metrics })
      }
    })
  const points = new Map<Side, unknown[]>()
  for (let round = 0; round < Math.max(3, rounds); round++)
    for (const side of sides)
      await withServer(side, async () => {
        for (const [name, read] of [
          ['history in pages', (from: Connection) => readHistory(from, history.get(side)!, 'curve')],
          [
            'history in one answer',
            async (from: Connection) =>
              (await ask(from, 'GET', `metrics/get-history?run_id=${history.get(side)!}&metric_key=curve`)).metrics,
          ],
        ] as const) {
          // until the last byte is there: what the client then makes of the text is its own
          const { connection, spent } = timeAnswers(side.connections[0]!)
          const got = await read(connection)
          const took = spent()
          if (got.length !== 100_000) throw new Error(`${side.server.name}: ${got.length} points instead of 100,000`)
          points.set(side, got)
          const table = measured.get(name) ?? new Map<Server['name'], Rate[]>()
          measured.set(name, table)
          table.set(side.server.name, [
            ...(table.get(side.server.name) ?? []),
            { rate: 1000 / took, p50: took, p99: took },
          ])
        }
      })
  // each gives back what it gives back by itself
  for (const side of sides) side.server.resume()
  await pause(20_000)
  const memory = new Map(sides.map((side) => [side.server.name, memoryOf(side.server.pid)]))

  // everything that was acknowledged is there, once
  for (const side of sides)
    await withServer(side, async () => {
      const [connection] = side.connections as [Connection]
      for (const run of side.runs) {
        const { data } = (await ask(connection, 'GET', `runs/get?run_id=${run}`)).run
        const expect = (kind: string) => side.sent.get(`${kind}/${run}`) ?? 0
        deepStrictEqual((data.params ?? []).length, expect('param'), `${side.server.name}: params`)
        deepStrictEqual(
          (data.tags ?? []).length - expect('tag'),
          side.server.name === 'kedge' ? 1 : 1,
          `${side.server.name}: tags`,
        )
        const keys: [string, number][] = [
          ['loss', expect('metric')],
          ...Array.from({ length: 10 }, (_, i) => [`batch-${i}`, expect('batch') * 100] as [string, number]),
        ]
        for (const [key, points] of keys) {
          const steps = points === 0 ? [] : await readHistory(connection, run, key)
          deepStrictEqual(steps.length, points, `${side.server.name}: points of ${key}`)
          steps.sort((a, b) => a.step - b.step)
          steps.forEach((point, i) => {
            if (point.step !== i || point.value !== valueAt(i)) throw new Error(`${side.server.name}: ${key} at ${i}`)
          })
        }
      }
    })
  say('everything acknowledged was read back')
  const kedge: Side | undefined = sides[0]
  const mlflow: Side | undefined = sides[1]
  if (!kedge) throw new Error('Kedge did not start')
  if (mlflow) {
    deepStrictEqual(points.get(kedge), points.get(mlflow))
    for (let i = 0; i < 20; i++) {
      const found = []
      for (const side of [kedge, mlflow] as Side[]) {
        const answer: { runs: Parameters<typeof comparable>[0][] } = await withServer(side, () =>
          ask(side.connections[0]!, 'POST', 'runs/search', searchBody(searched.get(side)!, i)),
        )
        found.push(answer.runs.map(comparable))
      }
      deepStrictEqual(found[0], found[1])
    }
    const all = []
    for (const side of [kedge, mlflow])
      all.push((await withServer(side, () => readRuns(side.connections[0]!, searched.get(side)!))).map(comparable))
    deepStrictEqual(all[0], all[1])
    say('both answered the same')
    mlflow.server.resume()
    for (const connection of mlflow.connections) connection.close()
    await mlflow.server.stop()
    sides.splice(1, 1)
    kedge.server.resume()
  }

  // larger searches, on Kedge alone
  const large: [number, Rate][] = []
  if (!has('--quick'))
    for (const size of [30_000, 50_000]) {
      const experiment = await seedRuns(kedge.server, kedge.connections, `search ${size}`, searchRuns(size))
      const make = () => ({ path: path('search'), body: searchBody(experiment, variant++) })
      large.push([size, await putLoad(kedge.connections.slice(0, 1), seconds * 4, make)])
      say(`search in ${size} runs: p50 ${number(large.at(-1)![1].p50)} ms`)
    }
  const after = memoryOf(kedge.server.pid)
  kedge.server.pause()
  const limit = postgres ? undefined : measureRawLimit(directory, seconds)

  row('load', 'mlflow', 'kedge', 'ratio', 'raw SQLite', 'kedge / raw')
  row('---', '---:', '---:', '---:', '---:', '---:')
  const starts = [mlflow?.server.startedIn, kedge.server.startedIn] as const
  row('start to /health, ms', ...starts, starts[0] && `${number(starts[0] / starts[1])} ×`, '', '')
  const [mine, theirs] = [memory.get('kedge')!, memory.get('mlflow')]
  row(
    'memory 20 s after the load, MiB (shared pages once)',
    theirs && `${number(theirs.resident)} (${number(theirs.proportional)}), ${theirs.processes} processes`,
    `${number(mine.resident)} (${number(mine.proportional)}), ${mine.processes} processes`,
    theirs && `${number(theirs.proportional / mine.proportional)} ×`,
    '',
    '',
  )
  const limits: Record<string, number | undefined> = {
    'runs/create': limit?.create,
    'log-metric': limit?.metric,
    'log-batch of 1,000 metrics': limit?.batch,
    'log-parameter': limit?.param,
    'set-tag': limit?.param,
  }
  for (const name of Object.keys(writes))
    for (const clients of [1, 8]) {
      const key = `${name}, ${clients}`
      const raw = limits[name]
      row(
        `${key} client${clients > 1 ? 's' : ''}, requests/s`,
        of(key, 'mlflow', 'rate'),
        of(key, 'kedge', 'rate'),
        ratio(key, 'rate'),
        raw ?? '',
        raw ? of(key, 'kedge', 'rate')! / raw : '',
      )
    }
  for (const clients of [1, 8])
    for (const what of ['p50', 'p99'] as const) {
      const key = `search, ${clients}`
      row(
        `search 5,000 runs, ${clients} client${clients > 1 ? 's' : ''}, ${what}, ms`,
        of(key, 'mlflow', what),
        of(key, 'kedge', what),
        ratio(key, what),
        '',
        '',
      )
    }
  for (const [size, rate] of large)
    row(`search ${number(size)} runs, p50 / p99, ms`, '', `${number(rate.p50)} / ${number(rate.p99)}`, '', '', '')
  for (const key of ['history in pages', 'history in one answer'])
    row(
      `${key}, 100,000 points, ms`,
      of(key, 'mlflow', 'p50'),
      of(key, 'kedge', 'p50'),
      ratio(key, 'p50'),
      limit?.history ?? '',
      limit ? limit.history / of(key, 'kedge', 'p50')! : '',
    )
  if (large.length > 0)
    row(
      'memory of Kedge after 85,000 more runs, MiB',
      '',
      `${number(after.resident)} (${number(after.proportional)})`,
      '',
      '',
      '',
    )
  process.stdout.write(`${lines.join('\n')}\n`)
} catch (error) {
  for (const name of ['kedge', 'mlflow']) {
    const log = join(directory, `${name}.log`)
    if (existsSync(log)) say(`${name}'s log ends with\n${readFileSync(log, 'utf8').slice(-2000)}`)
  }
  throw error
} finally {
  for (const side of sides) {
    for (const connection of side.connections) connection.close()
    await side.server.stop()
  }
  await postgres?.stop()
  rmSync(directory, { recursive: true, force: true })
}
