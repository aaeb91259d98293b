/**
 * From no model in memory to the answer over HTTP: models leave memory at once, and each request brings its own back.
 * Beside it the same request with the model in memory.
 *
 *   node bench/serving/cold-start.ts [--rounds 20]
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { putFolder } from '../../src/storage/blobs/folder.ts'
import { writeModel } from '../../test/serving/averaging-model.ts'
import { fixtures, startControl, startInference, temporaryDirectory } from '../../test/serving/stand.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } })
const user = { actor: 'bench' }
const directory = await temporaryDirectory()
const control = await startControl(`${directory.path}/control`, { ingest: async () => {} })
const inference = await startInference(control.address, `${directory.path}/inference`, {
  logLevel: 'warn',
  modelIdle: 20,
})
const x = { features: { x: 3 } }
const cases = [
  { name: 'logistic', folder: join(fixtures, 'delay-1'), row: { features: { distance: 1, hour: 2, origin: 'SJC' } } },
  { name: 'small', folder: await writeModel(`${directory.path}/small`, {}), row: x },
  { name: 'heavy', folder: await writeModel(`${directory.path}/heavy`, { layers: 12, width: 1024 }), row: x },
]
const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
console.log('| model | runs | first load and measurement, ms | cold, ms: median | most | warm, ms: median |')
console.log('| --- | --- | --- | --- | --- | --- |')
for (const { name, folder, row } of cases) {
  const { digest } = await putFolder(control.environment.blobs, folder)
  await control.registry.models.ensure(user, 'default', name)
  const artifact = { digest, kind: 'onnx' as const }
  await control.registry.versions.create(user, 'default', name, { artifact, datasetVersions: [] })
  const began = performance.now()
  await control.serving.deploy(user, 'default', { name, model: `${name}/1` })
  const first = performance.now() - began
  const runtime = async () => (await control.serving.endpoints.get('default', name)).revisions[0]!.instances[0]?.runtime
  const once = async () => {
    const started = performance.now()
    const answer = await fetch(`${inference.addresses!.http}/endpoints/${name}/predict`, {
      method: 'POST',
      body: JSON.stringify({ instances: [row] }),
    })
    if (answer.status !== 200) throw new Error(await answer.text())
    await answer.arrayBuffer()
    return performance.now() - started
  }
  const cold: number[] = []
  const warm: number[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    // idle after 20 ms, told to control within 500
    await new Promise((done) => setTimeout(done, 1100))
    if ((await runtime())?.resident !== false) throw new Error('the model is still in memory')
    cold.push(await once())
    warm.push(await once())
  }
  const cells = [name, (await runtime())!.place, first.toFixed(0), median(cold).toFixed(1)]
  console.log(`| ${[...cells, Math.max(...cold).toFixed(1), median(warm).toFixed(1)].join(' | ')} |`)
}
await inference.stop()
await control.stop()
await directory.remove()
process.exit(0)
