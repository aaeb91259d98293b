/**
 * Latency of the requests that are admitted when more come than a heavy model can answer: at its capacity, and at 2 and 10
 * times that. A second, light model on the same node is called all the while.
 *
 *   node bench/serving/overload.ts [--seconds 5] [--layers 60] [--wait 100ms]
 */
import { parseArgs } from 'node:util'
import { loadInThread } from '../../src/cli/bench/load-client.ts'
import { putFolder } from '../../src/storage/blobs/folder.ts'
import { writeModel } from '../../test/serving/averaging-model.ts'
import { startControl, startInference, temporaryDirectory } from '../../test/serving/stand.ts'
import { openLoad } from './open-load.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    layers: { type: 'string', default: '60' },
    wait: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
const user = { actor: 'bench' }
const directory = await temporaryDirectory()
const control = await startControl(`${directory.path}/control`, { ingest: async () => {} })
const inference = await startInference(control.address, `${directory.path}/inference`, { logLevel: 'warn' })
for (const [name, model] of [
  ['heavy', { layers: Number(values.layers), width: 1024 }],
  ['light', {}],
] as const) {
  const { digest } = await putFolder(control.environment.blobs, await writeModel(`${directory.path}/${name}`, model))
  await control.registry.models.ensure(user, 'default', name)
  await control.registry.versions.create(user, 'default', name, {
    artifact: { digest, kind: 'onnx' },
    datasetVersions: [],
  })
  await control.serving.endpoints.put(user, 'default', name, {
    model: name,
    ...(values.wait ? { limits: { wait: values.wait } } : {}),
  })
  await control.serving.deploy(user, 'default', { name, model: `${name}/1` })
}
const runtime = async (name: string) =>
  (await control.serving.endpoints.get('default', name)).revisions[0]!.instances[0]!.runtime
console.log('heavy:', await runtime('heavy'))
console.log('light:', await runtime('light'))

const { hostname: host, port } = new URL(inference.addresses!.http)
const body = JSON.stringify({ instances: [{ features: { x: 3 } }] })
const to = (name: string) => ({ host, port: Number(port), path: `/endpoints/${name}/predict` })
const quantile = (sorted: Float64Array, q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]
const shown = (sorted: Float64Array) => [0.5, 0.99].map((q) => quantile(sorted, q)?.toFixed(1) ?? '–')

const closed = (connections: number) =>
  loadInThread({ ...to('heavy'), bodies: [body], connections, seconds: Math.min(seconds, 3) })
const one = await closed(1)
await closed(32)
const many = await closed(32)
const capacity = (many.requests - many.failed) / many.seconds
console.log(
  `alone ${(one.requests / one.seconds).toFixed(0)} requests/s, p50 ${shown(one.latencies)[0]} ms; with 32 callers ${capacity.toFixed(0)} requests/s`,
)
const quiet = await openLoad({ ...to('light'), body, rate: 200, seconds })
const rows = [['–', '–', '–', '–', '–', '–', '–', ...shown(quiet.latencies)]]
for (const times of [0.5, 1, 2, 10]) {
  const [result, light] = await Promise.all([
    openLoad({ ...to('heavy'), body, rate: capacity * times, seconds }),
    openLoad({ ...to('light'), body, rate: 200, seconds }),
  ])
  rows.push([
    `${times} ×`,
    (result.sent / seconds).toFixed(0),
    (result.latencies.length / seconds).toFixed(0),
    String(result.failed),
    ...shown(result.latencies),
    shown(result.refusals)[1]!,
    ...shown(light.latencies),
  ])
}
const header = [
  ...['load', 'requests/s', 'admitted/s', 'failed', 'p50, ms', 'p99, ms', 'p99 of refusals, ms'],
  ...['light p50, ms', 'light p99, ms'],
]
for (const row of [header, header.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`)
console.log(await runtime('heavy').then((facts) => facts?.calls), `${inference.restarts} restarts`)
await inference.stop()
await control.stop()
await directory.remove()
process.exit(0)
