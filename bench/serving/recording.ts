/**
 * What recording costs: requests/s of one model on two endpoints of one inference process, one with recording off and one
 * with it on, in alternation. Control takes in what is shipped as it does in earnest, up to the events store.
 *
 *   node bench/serving/recording.ts [--seconds 3] [--rounds 6] [--clients 16]
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { loadInThread } from '../../src/cli/bench/load-client.ts'
import { expectedOf, startControl, startInference, temporaryDirectory } from '../../test/serving/stand.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '6' },
    clients: { type: 'string', default: '16' },
  },
})
const seconds = Number(values.seconds)
const connections = Number(values.clients)
const user = { actor: 'bench' }

const directory = await temporaryDirectory()
let shipped = 0
const control = await startControl(`${directory.path}/control`, {
  ingest: async (_key, rows) => {
    shipped += rows.length
  },
})
const inference = await startInference(control.address, `${directory.path}/inference`, { logLevel: 'warn' })
await control.version('delay', 'delay-1')
for (const [name, record] of [
  ['off', 0],
  ['on', 100],
] as const) {
  await control.serving.endpoints.put(user, 'default', name, { model: 'delay', record })
  await control.serving.deploy(user, 'default', { name, model: 'delay/1' })
}

const { instances } = expectedOf('delay-1')
const bodies = (batch: number) =>
  Array.from({ length: 200 }, (_, i) =>
    JSON.stringify({
      instances: Array.from({ length: batch }, (_, k) => ({
        id: `r-${i}-${k}`,
        time: 981_936_000_000 + i,
        features: instances[(i + k) % instances.length],
      })),
    }),
  )
const { hostname, port } = new URL(inference.addresses!.http)
/** CPU time that the inference process has used, in microseconds (Linux counts it in hundredths of a second). */
const cpuTime = () => {
  const fields = readFileSync(`/proc/${inference.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}
const once = async (name: string, batch: number) => {
  const before = cpuTime()
  const result = await loadInThread({
    host: hostname,
    port: Number(port),
    path: `/endpoints/${name}/predict`,
    bodies: bodies(batch),
    connections,
    seconds,
  })
  return { ...result, cpu: (cpuTime() - before) / result.requests }
}

const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
const rows: string[][] = []
for (const batch of [1, 20]) {
  await once('on', batch)
  const ratios: number[] = []
  const rates = { off: [] as number[], on: [] as number[] }
  const cpu = { off: [] as number[], on: [] as number[] }
  const p99 = { off: [] as number[], on: [] as number[] }
  for (let round = 0; round < Number(values.rounds); round++) {
    const order = round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const)
    const now = { off: 0, on: 0 }
    for (const name of order) {
      const result = await once(name, batch)
      if (result.failed > 0) throw new Error(`${result.failed} requests failed`)
      now[name] = result.requests / result.seconds
      rates[name].push(now[name])
      cpu[name].push(result.cpu)
      p99[name].push(result.latencies[Math.floor(result.latencies.length * 0.99)]!)
    }
    ratios.push(now.on / now.off)
  }
  rows.push([
    String(batch),
    median(rates.off).toFixed(0),
    median(rates.on).toFixed(0),
    `${(100 * (1 - median(ratios))).toFixed(1)} %`,
    `${(100 * (1 - Math.max(...ratios))).toFixed(1)} … ${(100 * (1 - Math.min(...ratios))).toFixed(1)} %`,
    median(cpu.off).toFixed(1),
    median(cpu.on).toFixed(1),
    median(p99.off).toFixed(2),
    median(p99.on).toFixed(2),
  ])
}
const header = [
  'rows a request',
  'requests/s, off',
  'requests/s, on',
  'cost (median)',
  'cost (range)',
  'CPU off, µs',
  'CPU on, µs',
  'p99 off, ms',
  'p99 on, ms',
]
for (const row of [header, header.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`)
console.log(`\n${connections} connections, ${shipped} predictions shipped, ${inference.restarts} restarts`)
await inference.stop()
await control.stop()
await directory.remove()
process.exit(0)
