/**
 * Features of a million entities in memory: how long a lookup takes alone and while a new version is read beside it, how much
 * memory the table has, and how long it takes to read. `--entities 1000000 --seconds 5`
 */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parquetWriteFile } from 'hyparquet-writer'
import type { LookupColumn } from '../../src/contracts/feature-lookup.ts'
import { openFeatureTable } from '../../src/serving/inference/features/open-feature-table.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'

const { values } = parseArgs({
  options: { entities: { type: 'string', default: '1000000' }, seconds: { type: 'string', default: '5' } },
})
const entities = Number(values.entities)
const seconds = Number(values.seconds)
const random = seededRandom(1)
const numbers = Array.from({ length: 8 }, (_, i): LookupColumn => ({ name: `n${i}`, type: 'number' }))
const texts = ['town', 'segment'].map((name): LookupColumn => ({ name, type: 'text' }))
const columns = [...numbers, ...texts]

const directory = await mkdtemp(join(tmpdir(), 'kedge-bench-features-'))
const path = join(directory, 'customers.parquet')
const keys = Array.from({ length: entities }, (_, i) => `customer-${i}`)
parquetWriteFile({
  filename: path,
  rowGroupSize: 100_000,
  columnData: [
    { name: 'customer_id', type: 'STRING', data: keys },
    ...numbers.map(({ name }) => ({ name, type: 'DOUBLE' as const, data: keys.map(() => random()) })),
    { name: 'town', type: 'STRING', data: keys.map(() => `town ${Math.floor(random() * 30_000)}`) },
    { name: 'segment', type: 'STRING', data: keys.map(() => 'ABCDEFGH'[Math.floor(random() * 8)]!) },
  ],
})

const mebi = 2 ** 20
const memory = () => {
  const { rss } = process.memoryUsage()
  return rss / mebi
}
const open = () => openFeatureTable('customers@1', { path, key: 'customer_id', columns })
const before = memory()
const started = performance.now()
const lookup = await open()
const took = performance.now() - started
await new Promise((done) => setTimeout(done, 1000))
const grown = memory() - before

/** Times of lookups of `rows` keys, in µs, one after the other with the event loop in between, until it is over. */
async function measure(rows: number, over: () => boolean): Promise<Float64Array> {
  const times: number[] = []
  while (!over()) {
    for (let i = 0; i < 100; i++) {
      const asked = Array.from({ length: rows }, () => `customer-${Math.floor(random() * entities)}`)
      const from = performance.now()
      await lookup.lookup(asked)
      times.push((performance.now() - from) * 1000)
    }
    await new Promise((done) => setImmediate(done))
  }
  return Float64Array.from(times).sort()
}
const forSeconds = () => {
  const until = performance.now() + seconds * 1000
  return () => performance.now() > until
}
const quantile = (sorted: Float64Array, share: number) => sorted[Math.floor(share * (sorted.length - 1))]!
const show = (name: string, sorted: Float64Array) =>
  `| ${name} | ${sorted.length} | ${quantile(sorted, 0.5).toFixed(1)} | ${quantile(sorted, 0.99).toFixed(1)} | ${quantile(sorted, 0.999).toFixed(1)} | ${sorted.at(-1)!.toFixed(0)} |`

await measure(1, forSeconds())
const one = await measure(1, forSeconds())
const twenty = await measure(20, forSeconds())
let fresh = false
const refreshing = open().then((next) => {
  fresh = true
  return next
})
const beside = await measure(1, () => fresh)
await refreshing

const { size } = await stat(path)
console.log(
  [
    `${cpus().length} × ${cpus()[0]?.model.trim()}; ${entities} entities, ${numbers.length} numbers and ${texts.length} texts each`,
    '',
    `table ${(lookup.bytes / mebi).toFixed(0)} MiB (${(lookup.bytes / entities).toFixed(0)} bytes an entity), process grew by ${grown.toFixed(0)} MiB; Parquet ${(size / mebi).toFixed(0)} MiB, read in ${(took / 1000).toFixed(1)} s in a thread of its own`,
    '',
    '| lookup | calls | p50 µs | p99 µs | p99.9 µs | largest µs |',
    '| --- | --- | --- | --- | --- | --- |',
    show('1 entity', one),
    show('20 entities', twenty),
    show('1 entity, a new version is read meanwhile', beside),
    '',
    `goal p99 < 1 ms: ${quantile(one, 0.99) < 1000 && quantile(beside, 0.99) < 1000 ? 'reached' : 'missed'}`,
  ].join('\n'),
)
await rm(directory, { recursive: true, force: true })
