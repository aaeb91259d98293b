// Stores blobs of 24 MB one after the other and says each digest when it is stored; is killed in the middle.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { blobs as kinds } from '../../src/adapters/blobs/index.generated.ts'
import type { BlobStoreDefinition } from '../../src/contracts/blob-store.ts'

const [settingsText, cacheDirectory] = process.argv.slice(2)
const settings = JSON.parse(settingsText!)
const definition = kinds.find((kind) => kind.kind === settings.kind) as unknown as BlobStoreDefinition<unknown>
const store = await definition.open(settings, { cacheDirectory: cacheDirectory! })

function* pieces(seed: number) {
  for (let i = 0; i < 24; i++) yield Buffer.alloc(2 ** 20, createHash('sha256').update(`${seed} ${i}`).digest())
}
for (let seed = 0; ; seed++) {
  const { digest } = await store.put(Readable.from(pieces(seed), { objectMode: false }))
  process.stdout.write(`${digest}\n`)
}
