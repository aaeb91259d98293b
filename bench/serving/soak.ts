/**
 * A whole server under a steady mixed load (REST of both forms, gRPC, a Python model, requests that are refused): the memory of
 * each of its processes by minute, and whether it grows.
 *
 *   node bench/serving/soak.ts [--minutes 30] [--rate 150]
 */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Metadata } from '@grpc/grpc-js'
import { cli } from '../../test/cli/run-cli.ts'
import { partOf, processTree } from '../../test/loop/process-tree.ts'
import { pythonEnvironment, runPython } from '../../test/servers/python-env.ts'
import { grpcClient } from '../../test/serving/grpc-client.ts'
import { expectedOf, fixtures } from '../../test/serving/stand.ts'
import { memoryOf, startKedgeServer } from './served-forest.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, rate: { type: 'string', default: '150' } },
})
const minutes = Number(values.minutes)
const rate = Number(values.rate)

const directory = await mkdtemp(join(tmpdir(), 'kedge-soak-'))
const python = await pythonEnvironment(fileURLToPath(new URL('../../test/mlflow/requirements.lock', import.meta.url)))
const mixed = join(directory, 'mixed')
const make = await readFile(new URL('../../test/runtimes/make-mixed-model.py', import.meta.url), 'utf8')
const { rows } = JSON.parse(
  await runPython(python, `import sys\nsys.argv = ["", ${JSON.stringify(mixed)}]\n${make}`),
) as {
  rows: object[]
}
const { instances } = expectedOf('delay-1')
const data = join(directory, 'data')
await mkdir(data)
const server = await startKedgeServer(python, data)
const on = async (...args: string[]) => {
  const { code, err, out } = await cli(args, { url: server.url })
  if (code !== 0) throw new Error(`kedge ${args.join(' ')}: ${err}${out}`)
}
await on('deploy', join(fixtures, 'delay-1'), '--name', 'delay')
await on('deploy', mixed, '--name', 'mixed')
const api = async (method: string, path: string, body: object) => {
  const answer = await fetch(`${server.url}/api/v1/projects/default${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`)
}
await api('PUT', '/endpoints/rated', { model: 'delay', limits: { rate: '1/h' }, automatic: false })
await api('POST', '/deploy', { name: 'rated', model: 'delay/1' })

const at = `http://${server.host}:${server.http}`
const client = grpcClient(`grpc://${server.host}:${server.grpc}`, 'inference.GRPCInferenceService')
const counts = new Map<string, number>()
const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)
let sent = 0

async function post(path: string, body: string | Buffer, expected: number, type = 'application/json') {
  const answer = await fetch(`${at}${path}`, { method: 'POST', body, headers: { 'content-type': type } })
  await answer.arrayBuffer()
  count(answer.status === expected ? String(answer.status) : `${path} ${answer.status} in place of ${expected}`)
}
const some = <T>(from: readonly T[], n: number, by: number): T[] =>
  Array.from({ length: n }, (_, i) => from[(by + i) % from.length]!)
const large = Buffer.alloc(200_000, ' ')
const predict = (features: object[]) => JSON.stringify({ instances: features.map((one) => ({ features: one })) })
const tensors = ({ distance, hour, origin }: Record<string, unknown>) => [
  { name: 'distance', datatype: 'FP32', shape: [1, 1], data: [distance] },
  { name: 'hour', datatype: 'FP32', shape: [1, 1], data: [hour] },
  { name: 'origin', datatype: 'BYTES', shape: [1, 1], data: [origin] },
]
const infer = (one: Record<string, unknown>) =>
  new Promise<void>((resolve) => {
    const inputs = tensors(one).map(({ data: [value], ...tensor }) => ({
      ...tensor,
      contents:
        tensor.datatype === 'BYTES' ? { bytes_contents: [Buffer.from(String(value))] } : { fp32_contents: [value] },
    }))
    const call = (client as unknown as { ModelInfer: (...all: unknown[]) => void }).ModelInfer
    call.call(client, { model_name: 'delay', inputs }, new Metadata(), (error: { code: number } | null) => {
      count(error ? `gRPC status ${error.code}` : 'gRPC OK')
      resolve()
    })
  })

/** What is asked, one after the other. */
const kinds: ((i: number) => Promise<void>)[] = [
  (i) => post('/endpoints/delay/predict', predict(some(instances, 1, i)), 200),
  (i) => post('/endpoints/delay/predict', predict(some(instances, 20, i)), 200),
  (i) => post('/v2/models/delay/infer', JSON.stringify({ inputs: tensors(some(instances, 1, i)[0]!) }), 200),
  (i) => infer(some(instances, 1, i)[0]!),
  (i) => post('/endpoints/delay/invocations', JSON.stringify({ dataframe_records: some(instances, 5, i) }), 200),
  (i) => (i % 5 === 0 ? post('/endpoints/mixed/predict', predict(some(rows, 3, i)), 200) : infer(instances[0]!)),
  (i) => post('/endpoints/delay/predict', predict([{ distance: `${i}` }]), 400),
  (i) => post(`/endpoints/none-${i % 1000}/predict`, '{}', 404),
  (i) => post('/endpoints/delay/predict', `{"instances": [${i}`, 400),
  () => post('/endpoints/rated/predict', large, 429),
]

/** Every process of the server by what it is, MiB. */
function memories(): Map<string, number> {
  const found = new Map<string, number>()
  const pythons: number[] = []
  for (const one of processTree(server.pid)) {
    const name =
      partOf(one) ??
      (/python/.test(one.command) ? 'python' : (/(\w+)-process\.(ts|js)/.exec(one.command)?.[1] ?? 'other'))
    const mib = memoryOf(one.pid)
    if (name === 'python') pythons.push(mib)
    else found.set(name, (found.get(name) ?? 0) + mib)
  }
  // as many as calls need: what each takes is what may not grow
  if (pythons.length > 0) found.set('python, each', pythons.reduce((sum, mib) => sum + mib, 0) / pythons.length)
  return found
}

const table: { minute: number; memory: Map<string, number>; sent: number }[] = []
let going = true
const waiting = new Set<Promise<unknown>>()
await post('/endpoints/rated/predict', predict(some(instances, 1, 0)), 200)
const began = performance.now()
const timer = setInterval(() => {
  const due = Math.floor(((performance.now() - began) / 1000) * rate)
  for (; sent < due && waiting.size < 200; sent++) {
    const one: Promise<unknown> = kinds[sent % kinds.length]!(sent)
      .catch((error: Error) => count(`failed: ${error.message}`))
      .finally(() => {
        waiting.delete(one)
      })
    waiting.add(one)
  }
}, 10)
const steps = Math.max(minutes, 1) * 2
for (let step = 0; step <= steps && going; step++) {
  const minute = (performance.now() - began) / 60_000
  table.push({ minute, memory: memories(), sent })
  process.stderr.write(
    `${minute.toFixed(1)} min ${[...table.at(-1)!.memory].map(([name, mib]) => `${name} ${mib.toFixed(0)}`).join(', ')}\n`,
  )
  if (step < steps) await new Promise((done) => setTimeout(done, 30_000))
}
going = false
clearInterval(timer)
await Promise.all(waiting)
client.close()
await server.stop()
await rm(directory, { recursive: true, force: true })

/** Least squares, MiB a minute, and how far from it the slope may be by chance (twice its standard error). */
function slope(points: readonly [number, number][]): { up: number; chance: number } {
  const n = points.length
  const [mx, my] = [0, 1].map((i) => points.reduce((sum, point) => sum + point[i]!, 0) / n) as [number, number]
  const spread = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0)
  const up = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / spread
  const left = points.reduce((sum, [x, y]) => sum + (y - my - up * (x - mx)) ** 2, 0)
  return { up, chance: 2 * Math.sqrt(left / Math.max(1, n - 2) / spread) }
}
const parts = [...new Set(table.flatMap(({ memory }) => [...memory.keys()]))].sort()
const tail = table.slice(Math.floor(table.length / 2))
const lines = [
  `| minute | requests | ${parts.map((part) => `${part}, MiB`).join(' | ')} |`,
  `| --- | --- | ${parts.map(() => '---').join(' | ')} |`,
  ...table
    .filter((_, i) => i % 2 === 0)
    .map(
      ({ minute, memory, sent: until }) =>
        `| ${minute.toFixed(0)} | ${until} | ${parts.map((part) => (memory.get(part) ?? 0).toFixed(0)).join(' | ')} |`,
    ),
  '',
  '| process | slope over the second half, MiB an hour | verdict |',
  '| --- | --- | --- |',
  ...parts.map((part) => {
    const points = tail.map(({ minute, memory }): [number, number] => [minute, memory.get(part) ?? 0])
    const mean = points.reduce((sum, [, mib]) => sum + mib, 0) / points.length
    const { up, chance } = slope(points)
    const hourly = 60 * up
    // what half an hour would add for certain: caches that fill and collections that have not run yet are no leak
    const flat = 30 * (up - chance) < Math.max(16, 0.1 * mean)
    return `| ${part} | ${hourly.toFixed(0)} ± ${(60 * chance).toFixed(0)} | ${flat ? 'flat' : 'grows'} |`
  }),
  '',
  [...counts].map(([what, n]) => `${what}: ${n}`).join(', '),
]
console.log(lines.join('\n'))
process.exit(0)
