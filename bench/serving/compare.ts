// Over 300 lines: one table of many servers needs them all in one run.
/**
 * One scikit-learn forest (100 trees, depth 8, 20 features) in Kedge, MLServer and MLflow's scoring server: the same client
 * against each, answers compared; the limit, which is onnxruntime in process; and what Kedge promises beside that: latency
 * over an empty handler, a second model under full load, recording, shadow. Prints Markdown. Takes about five minutes.
 *
 *   node bench/serving/compare.ts [--seconds 1.5] [--rounds 4] [--only kedge,mlserver,mlflow,promises]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { type LoadResult, loadInThread } from '../../src/cli/bench/load-client.ts'
import { quantile } from '../../src/cli/bench/measure-capacity.ts'
import { cli } from '../../test/cli/run-cli.ts'
import { partOf, processTree } from '../../test/loop/process-tree.ts'
import { pythonEnvironment, runPython } from '../../test/servers/python-env.ts'
import { grpcOnce, grpcRequest, grpcScores, loadOverGrpc } from './grpc-load.ts'
import { cpuOf, type Served, startEmptyHandler, startKedgeServer, startMlflow, startMlserver } from './served-forest.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1.5' },
    rounds: { type: 'string', default: '4' },
    only: { type: 'string', default: 'kedge,mlserver,mlflow,promises' },
  },
})
const seconds = Number(values.seconds)
const only = new Set(values.only.split(','))
const clients = [1, 8, 32]
const batches = [1, 100]
const began = performance.now()
const say = (text: string) => process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0)} s  ${text}\n`)

const python = await pythonEnvironment(join(import.meta.dirname, 'requirements.lock'))
const directory = mkdtempSync(join(tmpdir(), 'kedge-compare-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
await runPython(
  python,
  `import runpy, sys\nsys.argv = ['', ${JSON.stringify(directory)}]\nrunpy.run_path(${JSON.stringify(join(import.meta.dirname, 'save-forests.py'))})`,
)
const { names, rows, scores } = JSON.parse(readFileSync(join(directory, 'forest.json'), 'utf8')) as {
  names: string[]
  rows: number[][]
  scores: number[]
}
say('the forest is made')

/** Rows `from`, and what a server must answer for them. */
const part = (from: number, count: number) => ({
  rows: Array.from({ length: count }, (_, i) => rows[(from + i) % rows.length]!),
  scores: Array.from({ length: count }, (_, i) => scores[(from + i) % scores.length]!),
})
const requestsOf = (batch: number) => Array.from({ length: batch === 1 ? 200 : 20 }, (_, i) => part(i * batch, batch))

type Load = (connections: number, seconds: number) => Promise<LoadResult>
/** A way to ask: the load of a size of batch, and the scores of a few rows. */
interface Way {
  load(batch: number): Load
  ask(rows: number[][]): Promise<number[]>
}

/** Every second number is the score of a row when the two classes are told. */
const scoresIn = (data: readonly number[], count: number) =>
  data.length === count ? [...data] : data.filter((_, i) => i % 2 === 1)

function overRest(
  { host, http }: Served,
  path: string,
  body: (rows: number[][]) => { body: string | Buffer; headers?: Record<string, string> },
  read: (answer: never) => number[],
): Way {
  return {
    load: (batch) => {
      const made = requestsOf(batch).map((request) => body(request.rows))
      const headers = made[0]!.headers
      return (connections, duration) =>
        loadInThread({
          host,
          port: http,
          path,
          bodies: made.map((one) => one.body),
          connections,
          seconds: duration,
          ...(headers ? { headers } : {}),
        })
    },
    async ask(some) {
      const made = body(some)
      const answer = await fetch(`http://${host}:${http}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...made.headers },
        body: made.body as string,
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text.slice(0, 300)}`)
      return read(JSON.parse(text) as never)
    },
  }
}

const flat = (some: number[][]) => ({ name: 'X', datatype: 'FP32', shape: [some.length, 20], data: some.flat() })
const v2 = (served: Served, model: string, output: string) =>
  overRest(
    served,
    `/v2/models/${model}/infer`,
    (some) => ({ body: JSON.stringify({ inputs: [flat(some)], outputs: [{ name: output }] }) }),
    ({ outputs: [first] }: { outputs: { data: number[]; shape: number[] }[] }) =>
      scoresIn(first!.data, first!.shape[0]!),
  )
/** Binary tensors in; the answer as JSON only where it is compared. */
const binary = (served: Served, model: string, output: string) => {
  const body = (some: number[][], out: boolean) => {
    const data = Buffer.from(Float32Array.from(some.flat()).buffer)
    const head = Buffer.from(
      JSON.stringify({
        inputs: [
          { name: 'X', datatype: 'FP32', shape: [some.length, 20], parameters: { binary_data_size: data.length } },
        ],
        outputs: [{ name: output, parameters: { binary_data: out } }],
      }),
    )
    return {
      body: Buffer.concat([head, data]),
      headers: { 'content-type': 'application/octet-stream', 'inference-header-content-length': String(head.length) },
    }
  }
  const way = (out: boolean) =>
    overRest(
      served,
      `/v2/models/${model}/infer`,
      (some) => body(some, out),
      ({ outputs: [first] }: { outputs: { data: number[]; shape: number[] }[] }) =>
        scoresIn(first!.data, first!.shape[0]!),
    )
  // every row has the same length, and so has the head of a size of batch
  return { load: way(true).load, ask: way(false).ask }
}
const overGrpc = ({ host, grpc }: Served, model: string, output: string): Way => ({
  load: (batch) => {
    const requests = requestsOf(batch).map((request) => grpcRequest(model, 'X', output, request.rows))
    return (connections, duration) => loadOverGrpc(`${host}:${grpc}`, requests, connections, duration)
  },
  ask: async (some) =>
    scoresIn(grpcScores(await grpcOnce(`${host}:${grpc}`, grpcRequest(model, 'X', output, some))), some.length),
})
const invocations = (served: Served, path: string) =>
  overRest(
    served,
    path,
    (some) => ({ body: JSON.stringify({ dataframe_split: { columns: names, data: some } }) }),
    ({ predictions }: { predictions: (number | number[])[] }) =>
      predictions.map((one) => (typeof one === 'number' ? one : one[1]!)),
  )

interface Cell {
  rate: number
  p50: number
  p99: number
}
interface Row {
  name: string
  protocol: string
  cells: Map<string, Cell>
}
const table: Row[] = []
const differences: number[] = []
const key = (batch: number, connections: number) => `${batch}/${connections}`

/** Measures one way to ask one server, if its answers are right. */
async function measure(name: string, protocol: string, way: Way): Promise<Row | undefined> {
  const row: Row = { name, protocol, cells: new Map() }
  const few = part(0, 50)
  const answered = await way.ask(few.rows).catch((error: Error) => {
    say(`${name}, ${protocol}: ${error.message.slice(0, 200)}`)
    return undefined
  })
  if (!answered) {
    table.push(row)
    return undefined
  }
  const difference = Math.max(...few.scores.map((score, i) => Math.abs(score - answered[i]!)))
  if (!(difference < 1e-4))
    throw new Error(`${name}, ${protocol}: answers differ by ${difference} from the model's own`)
  differences.push(difference)
  for (const batch of batches) {
    const load = way.load(batch)
    await load(4, Math.min(0.7, seconds))
    for (const connections of clients) {
      const result = await load(connections, seconds)
      if (result.failed > 0)
        throw new Error(
          `${name}, ${protocol}: ${result.failed} failed: ${JSON.stringify(result.failures).slice(0, 300)}`,
        )
      row.cells.set(key(batch, connections), {
        rate: result.requests / result.seconds,
        p50: quantile(result.latencies, 0.5),
        p99: quantile(result.latencies, 0.99),
      })
    }
  }
  table.push(row)
  say(`${name}, ${protocol}`)
  return row
}

const resources: { name: string; start: number; memory: number }[] = []
async function withServer(name: string, starting: Promise<Served>, use: (served: Served) => Promise<void>) {
  const served = await starting
  try {
    await use(served)
    resources.push({ name, start: served.start, memory: served.memory() })
  } finally {
    await served.stop()
  }
}

const lines: string[] = []

// the limit
const session = await InferenceSession.create(join(directory, 'onnx/model.onnx'), { intraOpNumThreads: 1 })
const limits = new Map<number, number>()
for (const batch of batches) {
  const feed = { X: new Tensor('float32', Float32Array.from(part(0, batch).rows.flat()), [batch, 20]) }
  let calls = 0
  for (const until = performance.now() + 300; performance.now() < until; ) await session.run(feed, ['probabilities'])
  const start = performance.now()
  for (; performance.now() - start < 700; calls++) await session.run(feed, ['probabilities'])
  limits.set(batch, calls / ((performance.now() - start) / 1000))
}
say('the limit')

// Kedge
const data = join(directory, 'kedge')
const first = await startKedgeServer(python, data)
const on = async (url: string, ...args: string[]) => {
  const { code, err, out } = await cli(args, { url })
  if (code !== 0) throw new Error(`kedge ${args.join(' ')}: ${err}${out}`)
}
await on(first.url, 'deploy', join(directory, 'onnx'), '--name', 'forest')
await first.stop()
const kedge = await startKedgeServer(python, data, 'forest')
resources.push({ name: 'Kedge, all of it', start: kedge.start, memory: kedge.memory() })
const api = async <T = unknown>(method: string, path: string, body?: unknown): Promise<T> => {
  const answer = await fetch(`${kedge.url}/api/v1/projects/default${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}
/** Until what was recorded has come to the store: nothing of it works on while the next is measured. */
async function drained() {
  for (const until = Date.now() + 15_000; Date.now() < until; await new Promise((done) => setTimeout(done, 200))) {
    const { nodes } = (await (await fetch(`${kedge.url}/api/v1/status`)).json()) as {
      nodes: { spool: { bytes: number } }[]
    }
    if (nodes.every(({ spool }) => spool.bytes === 0)) return
  }
  say('the record is still being written')
}
try {
  // what no other server does is measured apart
  await api('PUT', '/endpoints/forest-off', { model: 'forest', record: 0, automatic: false })
  await api('POST', '/deploy', { name: 'forest-off', model: 'forest/1' })
  if (only.has('kedge')) {
    await measure('Kedge, ONNX', 'REST', v2(kedge, 'forest-off', 'probabilities'))
    await measure('Kedge, ONNX', 'REST, binary tensors', binary(kedge, 'forest-off', 'probabilities'))
    await measure('Kedge, ONNX', 'gRPC', overGrpc(kedge, 'forest-off', 'probabilities'))
    await measure('Kedge, ONNX, all on record', 'REST', v2(kedge, 'forest', 'probabilities'))
    await drained()
    await on(kedge.url, 'deploy', join(directory, 'mlflow'), '--name', 'forest-python')
    await api('PUT', '/endpoints/forest-python', { model: 'forest-python', record: 0, automatic: false })
    await measure('Kedge, Python', '/invocations', invocations(kedge, '/endpoints/forest-python/invocations'))
    resources.push({ name: 'Kedge, all of it and the Python model', start: Number.NaN, memory: kedge.memory() })
    await fetch(`${kedge.url}/api/v1/projects/default/endpoints/forest-python`, { method: 'DELETE' })
  }
  if (only.has('promises')) await promises()
} finally {
  await kedge.stop()
}
say('Kedge is done')

if (only.has('mlserver')) {
  await withServer('MLServer, default', startMlserver(python, join(directory, 'mlserver'), 1), async (served) => {
    await measure('MLServer, default', 'REST', v2(served, 'forest', 'predict_proba'))
    await measure('MLServer, default', 'REST, binary tensors', binary(served, 'forest', 'predict_proba'))
    await measure('MLServer, default', 'gRPC', overGrpc(served, 'forest', 'predict_proba'))
  })
  await withServer(
    'MLServer, no parallel workers',
    startMlserver(python, join(directory, 'mlserver'), 0),
    async (served) => {
      await measure('MLServer, no parallel workers', 'REST', v2(served, 'forest', 'predict_proba'))
      await measure('MLServer, no parallel workers', 'gRPC', overGrpc(served, 'forest', 'predict_proba'))
    },
  )
  await withServer(
    'MLServer, the same ONNX, no parallel workers',
    startMlserver(python, join(directory, 'mlserver-onnx'), 0),
    async (served) => {
      await measure('MLServer, the same ONNX', 'REST', v2(served, 'forest', 'predict_proba'))
      await measure('MLServer, the same ONNX', 'gRPC', overGrpc(served, 'forest', 'predict_proba'))
    },
  )
}
if (only.has('mlflow'))
  await withServer('mlflow models serve', startMlflow(python, join(directory, 'mlflow')), async (served) => {
    await measure('mlflow models serve', '/invocations', invocations(served, '/invocations'))
  })

report()
process.exit(0)

/** What is promised of Kedge beside its throughput. */
async function promises() {
  const rounds = Number(values.rounds)
  const deploy = (name: string, model: string) => api('POST', '/deploy', { name, model })
  await on(kedge.url, 'deploy', join(directory, 'onnx'), '--name', 'forest-second')
  await deploy('forest-shadow', 'forest/1')
  await api('POST', '/endpoints/forest-shadow/releases', {
    model: 'forest-second',
    version: 1,
    strategy: { shadow: 1_000_000_000 },
  })
  const instances = requestsOf(1).map((request) =>
    JSON.stringify({
      instances: request.rows.map((row) => ({ features: Object.fromEntries(names.map((name, i) => [name, row[i]])) })),
    }),
  )
  const against = (port: number, path: string) => (connections: number, duration: number, rate?: number) =>
    loadInThread({
      host: kedge.host,
      port,
      path,
      bodies: instances,
      connections,
      seconds: duration,
      ...(rate === undefined ? {} : { rate }),
    })
  const to = (name: string) => against(kedge.http, `/endpoints/${name}/predict`)
  const rateOf = ({ requests, seconds: took }: LoadResult) => requests / took
  const p = (result: LoadResult, share: number) => quantile(result.latencies, share)
  const middle = (list: number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!
  for (const name of ['forest', 'forest-off', 'forest-second', 'forest-shadow']) await to(name)(8, 0.5)
  const half = rateOf(await to('forest')(8, seconds)) / 2

  const answer = await fetch(`http://${kedge.host}:${kedge.http}/endpoints/forest/predict`, {
    method: 'POST',
    body: instances[0]!,
  })
  const empty = await startEmptyHandler(await answer.text(), directory)
  const reached = { kedge: [] as number[], empty: [] as number[], alone: [] as number[], beside: [] as number[] }
  const costs = {
    recording: [] as number[],
    shadow: [] as number[],
    shadow50: [] as number[],
    shadowCpu: [] as number[],
  }
  const inference = processTree(kedge.pid).find((one) => partOf(one) === 'inference')!.pid
  /** beside other work the processor time of a request is the steady figure */
  const atQuarter = async (name: string) => {
    await drained()
    const before = cpuOf(inference)
    const result = await to(name)(8, seconds, half / 2)
    return { result, cpu: (cpuOf(inference) - before) / result.requests }
  }
  try {
    await against(empty.http, '/')(8, 0.5)
    for (let round = 0; round < rounds; round++) {
      await drained()
      reached.empty.push(p(await against(empty.http, '/')(8, seconds, half), 0.99))
      reached.kedge.push(p(await to('forest')(8, seconds, half), 0.99))
      // two that share the processors carry half of it each: the first at half of that, alone and beside the second
      await drained()
      reached.alone.push(p(await to('forest')(8, seconds, half / 2), 0.99))
      const other = to('forest-second')(8, seconds + 0.4)
      reached.beside.push(p(await to('forest')(8, seconds, half / 2), 0.99))
      await other
      const turn = round % 2 === 0
      await drained()
      const a = await to(turn ? 'forest' : 'forest-off')(16, seconds)
      await drained()
      const b = await to(turn ? 'forest-off' : 'forest')(16, seconds)
      const [recorded, unrecorded] = turn ? [a, b] : [b, a]
      costs.recording.push(1 - rateOf(recorded) / rateOf(unrecorded))
      const c = await atQuarter(turn ? 'forest' : 'forest-shadow')
      const d = await atQuarter(turn ? 'forest-shadow' : 'forest')
      const [plain, shadowed] = turn ? [c, d] : [d, c]
      costs.shadow.push(p(shadowed.result, 0.99) / p(plain.result, 0.99) - 1)
      costs.shadow50.push(p(shadowed.result, 0.5) / p(plain.result, 0.5) - 1)
      costs.shadowCpu.push(shadowed.cpu - plain.cpu)
    }
  } finally {
    await empty.stop()
  }
  const raw = 1000 / limits.get(1)!
  const atHalf = middle(reached.kedge)
  const over = atHalf - middle(reached.empty) - raw
  const alone = middle(reached.alone)
  const percent = (list: number[]) => `${(100 * middle(list)).toFixed(1)} %`
  const range = (list: number[]) =>
    `${(100 * Math.min(...list)).toFixed(1)} … ${(100 * Math.max(...list)).toFixed(1)} %`
  lines.push(
    '',
    `What Kedge adds, medians of ${rounds} rounds, one row a request by feature names, recorded; half of the maximal load is ${half.toFixed(0)} requests/s`,
    '',
    '| what | value | goal |',
    '| --- | --- | --- |',
    `| p99 at half load, over an empty handler (${middle(reached.empty).toFixed(2)} ms) and the raw call (${raw.toFixed(3)} ms) | ${over.toFixed(2)} ms over, of ${atHalf.toFixed(2)} ms | ≤ 1 ms |`,
    `| p99 of the first model at a quarter of the load while a second takes all it can, ÷ p99 alone at the same load | ${(middle(reached.beside) / alone).toFixed(2)} (${middle(reached.beside).toFixed(2)} ms, ${alone.toFixed(2)} ms) | ≤ 2 |`,
    `| recording: throughput that it costs, with control and the store on the same processors | ${percent(costs.recording)} (${range(costs.recording)}) | ≤ 10 % |`,
    `| shadow: p50 / p99 that it costs at a quarter of the load | ${percent(costs.shadow50)} / ${percent(costs.shadow)} (${range(costs.shadow)}) | ≤ 5 % |`,
    `| shadow: processor time of the inference process that it costs a request | ${middle(costs.shadowCpu).toFixed(0)} µs | |`,
  )
  say('the promises')
}

function report() {
  const cell = (row: Row, batch: number) =>
    row.cells.size === 0
      ? 'not offered'
      : clients
          .map((connections) => {
            const { rate, p50, p99 } = row.cells.get(key(batch, connections))!
            return `${rate.toFixed(0)} (${p50.toPrecision(2)}, ${p99.toPrecision(2)})`
          })
          .join(' / ')
  const head = [
    `${cpus().length} × ${cpus()[0]?.model.trim()}; ${clients.join(' / ')} clients, ${seconds} s each; requests/s (p50, p99 in ms); scores differ from the model's own by at most ${Math.max(0, ...differences).toExponential(1)}`,
    '',
    '| server | protocol | 1 row a request | 100 rows a request |',
    '| --- | --- | --- | --- |',
    ...table.map((row) => `| ${row.name} | ${row.protocol} | ${cell(row, 1)} | ${cell(row, 100)} |`),
    `| onnxruntime in process, the limit | calls/s | ${limits.get(1)!.toFixed(0)} | ${limits.get(100)!.toFixed(0)} |`,
    '',
    '| server | start, s | memory, MiB |',
    '| --- | --- | --- |',
    ...resources.map(
      ({ name, start, memory }) =>
        `| ${name} | ${Number.isNaN(start) ? '' : (start / 1000).toFixed(1)} | ${memory.toFixed(0)} |`,
    ),
  ]
  const best = (name: string, protocol: string, batch: number) => {
    const row = table.find((one) => one.name === name && one.protocol === protocol)
    return row && row.cells.size > 0
      ? Math.max(...clients.map((connections) => row.cells.get(key(batch, connections))!.rate))
      : undefined
  }
  const goals: [string, [string, string], [string, string], number, number][] = [
    ['REST', ['Kedge, ONNX', 'REST'], ['MLServer, default', 'REST'], 50, 10],
    ['REST', ['Kedge, ONNX', 'REST'], ['MLServer, no parallel workers', 'REST'], 50, 10],
    ['REST, all on record', ['Kedge, ONNX, all on record', 'REST'], ['MLServer, default', 'REST'], 50, 10],
    ['gRPC', ['Kedge, ONNX', 'gRPC'], ['MLServer, default', 'gRPC'], 50, 10],
    ['gRPC', ['Kedge, ONNX', 'gRPC'], ['MLServer, no parallel workers', 'gRPC'], 50, 10],
    ['REST, the same ONNX', ['Kedge, ONNX', 'REST'], ['MLServer, the same ONNX', 'REST'], 5, 5],
    ['gRPC, the same ONNX', ['Kedge, ONNX', 'gRPC'], ['MLServer, the same ONNX', 'gRPC'], 5, 5],
    ['Python', ['Kedge, Python', '/invocations'], ['mlflow models serve', '/invocations'], 3, 3],
  ]
  const ratios = goals.flatMap(([what, mine, [name, protocol], one, hundred]) => {
    const cells = ([1, 100] as const).map((batch) => {
      const [a, b] = [best(...mine, batch), best(name, protocol, batch)]
      return a === undefined || b === undefined ? undefined : a / b
    })
    if (cells.some((ratio) => ratio === undefined)) return []
    return [
      `| ${what}: ${mine[0]} ÷ ${name} | ${cells[0]!.toFixed(1)} (≥ ${one}) | ${cells[1]!.toFixed(1)} (≥ ${hundred}) |`,
    ]
  })
  if (ratios.length > 0)
    head.push('', '| best throughput, ratio (goal) | 1 row | 100 rows |', '| --- | --- | --- |', ...ratios)
  console.log([...head, ...lines].join('\n'))
  say('done')
}
