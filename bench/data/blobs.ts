/** Storing and reading a large blob (hashed, fsynced, verified) against writing and reading the same bytes and fsync alone. */
import { randomBytes } from 'node:crypto'
import { closeSync, createReadStream, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { openBlobDirectory } from '../../src/adapters/blobs/directory.ts'

const megabytes = Number(process.argv[2] ?? 512)
const directory = mkdtempSync(join(tmpdir(), 'kedge-bench-'))
const piece = randomBytes(2 ** 20)
function* pieces() {
  for (let i = 0; i < megabytes; i++) yield piece
}
const seconds = async (work: () => Promise<unknown>) => {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}
const drain = async (stream: AsyncIterable<unknown>) => {
  for await (const _ of stream);
}

const file = join(directory, 'plain')
const plainWrite = await seconds(async () => {
  const handle = openSync(file, 'w')
  for (const bytes of pieces()) writeSync(handle, bytes)
  fsyncSync(handle)
  closeSync(handle)
})
const plainRead = await seconds(() => drain(createReadStream(file)))
const blobs = await openBlobDirectory(join(directory, 'blobs'))
let digest = ''
const put = await seconds(async () => {
  digest = (await blobs.put(Readable.from(pieces(), { objectMode: false }))).digest
})
const get = await seconds(async () => drain(await blobs.get(digest)))
const speed = (time: number) => `${Math.round(megabytes / time)} MB/s`
console.log(`| ${megabytes} MB | blob store | plain file | ratio |\n|---|---|---|---|`)
console.log(`| write | ${speed(put)} | ${speed(plainWrite)} | ${(put / plainWrite).toFixed(2)} |`)
console.log(`| read | ${speed(get)} | ${speed(plainRead)} | ${(get / plainRead).toFixed(2)} |`)
rmSync(directory, { recursive: true, force: true })
