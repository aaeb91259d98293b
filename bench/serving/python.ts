/**
 * The same scikit-learn forest as python_function in Kedge and in MLflow's scoring server: the same client, the same
 * requests, answers compared; and the limit, which is the model's own predict in a loop of one process.
 *
 *   node bench/serving/python.ts [--seconds 4] [--clients 1,8,32]
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type LoadResult, loadInThread } from '../../src/cli/bench/load-client.ts'
import { putFolder } from '../../src/storage/blobs/folder.ts'
import { pythonEnvironment, runPython } from '../../test/servers/python-env.ts'
import { eventually, startControl, startInference, temporaryDirectory } from '../../test/serving/stand.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '4' }, clients: { type: 'string', default: '1,8,32' } },
})
const seconds = Number(values.seconds)
const clients = values.clients.split(',').map(Number)
const user = { actor: 'bench' }
const host = '127.0.0.1'

const python = await pythonEnvironment(fileURLToPath(new URL('../../test/mlflow/requirements.lock', import.meta.url)))
process.env.KEDGE_PYTHON = python
const directory = await temporaryDirectory()
const folder = `${directory.path}/forest`
const script = (name: string, ...parameters: string[]) =>
  runPython(
    python,
    `import sys\nsys.argv = ${JSON.stringify(['', ...parameters])}\n${readFileSync(new URL(`./${name}`, import.meta.url), 'utf8')}`,
  )
const { columns, data, predictions } = JSON.parse(await script('make-forest.py', folder)) as {
  columns: string[]
  data: number[][]
  predictions: number[]
}
const bodies = (batch: number) =>
  Array.from({ length: 100 }, (_, i) =>
    JSON.stringify({
      dataframe_split: { columns, data: Array.from({ length: batch }, (_, k) => data[(i + k) % data.length]) },
    }),
  )

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, host, done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}

async function startMlflow() {
  const port = await freePort()
  const began = performance.now()
  const child = spawn(
    python,
    ['-m', 'mlflow', 'models', 'serve', '-m', folder, '--env-manager', 'local', '-h', host, '-p', String(port)],
    {
      stdio: 'ignore',
      detached: true,
      env: { ...process.env, PATH: `${python.replace(/\/[^/]+$/, '')}:${process.env.PATH}` },
    },
  )
  await eventually(
    () =>
      fetch(`http://${host}:${port}/ping`).then(
        (answer) => answer.ok,
        () => false,
      ),
    'the scoring server',
    60_000,
  )
  return { port, path: '/invocations', start: performance.now() - began, stop: () => process.kill(-child.pid!) }
}

async function startKedge() {
  const control = await startControl(`${directory.path}/control`, { ingest: async () => {} })
  const inference = await startInference(control.address, `${directory.path}/inference`, { logLevel: 'warn' })
  const { digest, bytes } = await putFolder(control.environment.blobs, folder)
  await control.registry.models.ensure(user, 'default', 'forest')
  await control.registry.versions.create(user, 'default', 'forest', {
    artifact: { digest, kind: 'mlflow', bytes },
    datasetVersions: [],
  })
  // MLflow's server lets everybody wait; refusing is not what is measured here
  await control.serving.endpoints.put(user, 'default', 'forest', { model: 'forest', limits: { wait: '1m' } })
  const began = performance.now()
  await control.serving.deploy(user, 'default', { name: 'forest', model: 'forest/1' })
  await eventually(
    async () => (await control.serving.endpoints.get('default', 'forest')).release?.state === 'finished',
    'the forest in Kedge',
    60_000,
  )
  return {
    port: Number(new URL(inference.addresses!.http).port),
    path: '/endpoints/forest/invocations',
    start: performance.now() - began,
    async stop() {
      await inference.stop()
      await control.stop()
    },
  }
}

async function compare({ port, path }: { port: number; path: string }) {
  const body = JSON.stringify({ dataframe_split: { columns, data } })
  const answer = await fetch(`http://${host}:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  const given = ((await answer.json()) as { predictions: number[] }).predictions
  return Math.max(...predictions.map((value, i) => Math.abs(value - given[i]!)))
}

const limit = JSON.parse(await script('predict-in-a-loop.py', folder, String(Math.min(3, seconds)))) as Record<
  string,
  number
>
const results = new Map<string, LoadResult>()
const starts: string[] = []
const servers = { mlflow: await startMlflow(), kedge: await startKedge() }
const named = Object.entries(servers)
for (const [name, server] of named)
  starts.push(
    `${name}: ready after ${(server.start / 1000).toFixed(1)} s, largest difference to model.predict ${await compare(server)}`,
  )
// in turns, so that what else the machine does hits both
for (const batch of [1, 100])
  for (const connections of clients)
    for (const [name, server] of named) {
      const load = { host, port: server.port, path: server.path, bodies: bodies(batch), connections }
      await loadInThread({ ...load, seconds: 1 })
      const result = await loadInThread({ ...load, seconds })
      if (result.failed > 0) throw new Error(`${name}: ${result.failed} requests failed`)
      results.set(`${name}/${batch}/${connections}`, result)
    }
for (const [, server] of named) await server.stop()

const at = ({ latencies }: LoadResult, share: number) => latencies[Math.floor(latencies.length * share)]!.toFixed(1)
const rate = ({ requests, seconds }: LoadResult) => requests / seconds
const rows = [
  [
    'rows',
    'clients',
    'mlflow, 1/s',
    'Kedge, 1/s',
    'times',
    'mlflow p50 / p99, ms',
    'Kedge p50 / p99, ms',
    'of the loop',
  ],
]
for (const batch of [1, 100])
  for (const connections of clients) {
    const mlflow = results.get(`mlflow/${batch}/${connections}`)!
    const kedge = results.get(`kedge/${batch}/${connections}`)!
    rows.push([
      String(batch),
      String(connections),
      rate(mlflow).toFixed(0),
      rate(kedge).toFixed(0),
      (rate(kedge) / rate(mlflow)).toFixed(1),
      `${at(mlflow, 0.5)} / ${at(mlflow, 0.99)}`,
      `${at(kedge, 0.5)} / ${at(kedge, 0.99)}`,
      `${((100 * rate(kedge)) / limit[`pyfunc-${batch}`]!).toFixed(0)} %`,
    ])
  }
const [head, ...body] = rows
for (const row of [head!, head!.map(() => '---'), ...body]) console.log(`| ${row.join(' | ')} |`)
console.log(`\n${starts.join('\n')}`)
console.log(
  `predict in a loop of one process, calls/s: ${Object.entries(limit)
    .map(([name, calls]) => `${name} ${calls.toFixed(0)}`)
    .join(', ')}`,
)
await directory.remove()
process.exit(0)
