/**
 * What recording costs the flights example's traffic: 20,000 predictions in requests of 50 rows over 4 connections, on the
 * whole server with its real stores, to an endpoint that records everything and to one that records nothing, in alternation.
 * `recorded after` is how long the events store then needs until everything is there; CPU is the processor time of a request
 * in the inference process, which other work on the machine changes less than the rate.
 *
 *   node bench/serving/example-traffic.ts [--rounds 6] [--predictions 20000]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePorts } from '../../src/cli/loop/free-ports.ts'
import { eventually, expectedOf, fixtures, post, temporaryDirectory } from '../../test/serving/stand.ts'
import { openConnection } from '../tracking/http-client.ts'
import { processTree } from '../tracking/process-tree.ts'
import { cpuOf } from './served-forest.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '6' }, predictions: { type: 'string', default: '20000' } },
})
const predictions = Number(values.predictions)
const batch = 50
const { instances } = expectedOf('delay-1')

const directory = await temporaryDirectory()
const [port, inference, grpc] = await freePorts(3)
const server = spawn(
  process.execPath,
  [
    join(import.meta.dirname, '../../bin/kedge.mjs'),
    'serve',
    ...['--port', String(port), '--inference-port', String(inference), '--grpc-port', String(grpc)],
    ...['--data', directory.path, '--log-level', 'error'],
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
await once(createInterface({ input: server.stdout! }), 'line')
const address = `http://127.0.0.1:${port}`
const api = `${address}/api/v1/projects/default`

const files: Record<string, string> = {}
for (const file of ['model.onnx', 'kedge-model.json']) {
  const answer = await fetch(`${api}/uploads`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: readFileSync(`${fixtures}delay-1/${file}`),
  })
  files[file] = ((await answer.json()) as { digest: string }).digest
}
for (const [name, record] of [
  ['off', 0],
  ['on', 100],
] as const) {
  await post(`${api}/deploy`, { name, files })
  const { spec } = (await (await fetch(`${api}/endpoints/${name}`)).json()) as { spec: object }
  await fetch(`${api}/endpoints/${name}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...spec, record: { share: record } }),
  })
}

let sent = 0
/** Requests as the example's client sends them: ids of their own, times that go through the days. */
const bodies = () =>
  Array.from({ length: predictions / batch }, () =>
    JSON.stringify({
      instances: Array.from({ length: batch }, () => ({
        id: `flight-${sent}`,
        time: 981_936_000_000 + (sent++ % 100) * 86_400_000 + sent,
        features: instances[sent % instances.length],
      })),
    }),
  )
/** Whether control has taken everything in: nothing of the spool lies behind its position. */
const recorded = async () => {
  const spool = join(directory.path, 'inference', 'spool')
  if (!existsSync(join(spool, 'position.json'))) return false
  const { segment, offset } = JSON.parse(readFileSync(join(spool, 'position.json'), 'utf8'))
  const sizes = readdirSync(spool).flatMap((file) => {
    const [, number] = /^(\d+)\.spool$/.exec(file) ?? []
    return number && Number(number) >= segment ? [statSync(join(spool, file)).size] : []
  })
  return sizes.reduce((sum, size) => sum + size, 0) === offset
}
/** Waits until the server has done what recorded rows set going: profiles and windows are no cost of recording. */
async function rest() {
  const used = () => processTree(server.pid!).reduce((sum, pid) => sum + cpuOf(pid), 0)
  for (let before = -100_000, now = used(); now - before > 30_000; ) {
    before = now
    await pause(400)
    now = used()
  }
}
const connections = Array.from({ length: 4 }, () => openConnection(inference!))
/** Requests a second. */
async function load(name: string): Promise<number> {
  const waiting = bodies()
  const begun = performance.now()
  await Promise.all(
    connections.map(async (connection) => {
      for (let body = waiting.pop(); body !== undefined; body = waiting.pop()) {
        const { status } = await connection.send('POST', `/endpoints/${name}/predict`, body)
        if (status !== 200) throw new Error(`${name} answered ${status}`)
      }
    }),
  )
  return predictions / batch / ((performance.now() - begun) / 1000)
}

const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
const rates = { off: [] as number[], on: [] as number[] }
const spent = { off: 0, on: 0 }
const answering = processTree(server.pid!).find((pid) =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('inference-process'),
)!
const after: number[] = []
await eventually(async () => (await fetch(`http://127.0.0.1:${inference}/v2/models/on/ready`)).ok)
for (const name of ['off', 'on', 'on'] as const) await load(name)
await eventually(recorded, 'the record', 120_000)
for (let round = 0; round < Number(values.rounds); round++)
  for (const name of round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const)) {
    const before = cpuOf(answering)
    rates[name].push(await load(name))
    spent[name] += cpuOf(answering) - before
    const begun = performance.now()
    await eventually(recorded, 'the record', 120_000)
    if (name === 'on') after.push((performance.now() - begun) / 1000)
    await rest()
  }
const ratios = rates.off.map((rate, i) => 1 - rates.on[i]! / rate)
const cpu = (microseconds: number) => (microseconds / (Number(values.rounds) * (predictions / batch))).toFixed(0)
console.log(
  '| requests/s, off | requests/s, on | cost (median) | cost (range) | CPU off, µs | CPU on, µs | recorded after, s |',
)
console.log('| --- | --- | --- | --- | --- | --- | --- |')
console.log(
  `| ${median(rates.off).toFixed(0)} | ${median(rates.on).toFixed(0)} | ${(100 * median(ratios)).toFixed(1)} % | ${(100 * Math.min(...ratios)).toFixed(1)} … ${(100 * Math.max(...ratios)).toFixed(1)} % | ${cpu(spent.off)} | ${cpu(spent.on)} | ${median(after).toFixed(1)} |`,
)
server.kill('SIGTERM')
await once(server, 'exit')
await directory.remove()
process.exit(0)
