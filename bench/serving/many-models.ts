/**
 * Many endpoints, each with a model of its own, on one node: memory of its process, and what the first and later calls of
 * all of them take, when more models are known than may be in memory.
 *
 *   node bench/serving/many-models.ts [--models 1000] [--memory 64]
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { endpointSpec } from '../../src/serving/endpoint-spec.ts'
import { putFolder } from '../../src/storage/blobs/folder.ts'
import { toJson } from '../../src/storage/sql/json-column.ts'
import { writeModel } from '../../test/serving/averaging-model.ts'
import { eventually, startControl, startInference, temporaryDirectory } from '../../test/serving/stand.ts'

const { values } = parseArgs({
  options: { models: { type: 'string', default: '1000' }, memory: { type: 'string', default: '64' } },
})
const n = Number(values.models)
const user = { actor: 'bench' }
const directory = await temporaryDirectory()
const control = await startControl(`${directory.path}/control`, { ingest: async () => {} })
// straight into the tables: a thousand releases are not what is measured
const folders: string[] = []
for (let i = 0; i < n; i++) {
  const folder = await writeModel(`${directory.path}/models/${i}`, { factor: i + 1, layers: 1 + (i % 3) })
  folders.push((await putFolder(control.environment.blobs, folder)).digest)
}
await control.environment.journal.change(user, async (change) => {
  for (let i = 0; i < n; i++) {
    const row = { project: 'default', name: `m${i}`, model: `m${i}`, routing: 1, created_at: 0, updated_at: 0 }
    const spec = toJson(endpointSpec.parse({ model: `m${i}` }))
    const { id } = await change.db
      .insertInto('endpoints')
      .values({ ...row, spec })
      .returning('id')
      .executeTakeFirstOrThrow()
    const revision = { endpoint_id: id, number: 1, model: `m${i}`, version: 1, artifact: folders[i]!, kind: 'onnx' }
    await change.db
      .insertInto('revisions')
      .values({ ...revision, state: 'live', traffic: 10_000, shadow: 0, created_at: 0, retired_at: null })
      .execute()
  }
})

const inference = await startInference(control.address, `${directory.path}/inference`, {
  logLevel: 'warn',
  modelMemory: Number(values.memory) * 2 ** 20,
})
const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${inference.pid}/status`, 'utf8'))![1]) / 1024
const report = () => control.serving.reports.nodes()[0]
const ready = async (not = '') => {
  const started = performance.now()
  await eventually(() => report()?.boot !== not && report()?.models?.known === n, 'all models are known', 600_000)
  return (performance.now() - started) / 1000
}
const call = async (i: number) => {
  const started = performance.now()
  const answer = await fetch(`${inference.addresses!.http}/endpoints/m${i}/predict`, {
    method: 'POST',
    body: JSON.stringify({ instances: [{ features: { x: 2 } }] }),
  })
  const { predictions } = (await answer.json()) as { predictions: { score: number }[] }
  if (Math.abs(predictions[0]!.score - 2 * (i + 1)) > 0.01 * (i + 1)) throw new Error(`m${i}: ${predictions[0]!.score}`)
  return performance.now() - started
}
const all = async () => {
  const took: number[] = []
  for (let i = 0; i < n; i++) took.push(await call(i))
  took.sort((a, b) => a - b)
  return [0.5, 0.99, 1].map((q) => took[Math.min(n - 1, Math.floor(n * q))]!.toFixed(1)).join(' / ')
}
const row = (what: string, ...cells: string[]) => console.log(`| ${[what, ...cells].join(' | ')} |`)
row('', 'took', 'memory, MiB', 'models in memory')
row('---', '---', '---', '---')
row(
  'all loaded and measured once',
  `${(await ready()).toFixed(1)} s`,
  rss().toFixed(0),
  String(report()!.models!.resident),
)
row('each called once, p50 / p99 / most', `${await all()} ms`, rss().toFixed(0), String(report()!.models!.resident))
row('and again', `${await all()} ms`, rss().toFixed(0), String(report()!.models!.resident))
const { boot } = report()!
const killed = performance.now()
process.kill(inference.pid!, 'SIGKILL')
await eventually(() => inference.restarts === 1 && inference.addresses, 'the restart')
row(
  'killed and started again',
  `${await ready(boot).then(() => ((performance.now() - killed) / 1000).toFixed(1))} s`,
  rss().toFixed(0),
  String(report()!.models!.resident),
)
row('each called once', `${await all()} ms`, rss().toFixed(0), String(report()!.models!.resident))
await inference.stop()
await control.stop()
await directory.remove()
process.exit(0)
