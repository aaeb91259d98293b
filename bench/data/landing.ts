// What makes a group of messages durable: a transaction with the chunk and the reader's place, a log segment of our own,
// a file for each group. Messages a second and milliseconds a group, one group after the other as readers do it.
// Run: node bench/data/landing.ts (see docs/adr/0009).
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBlobDirectory } from '../../src/adapters/blobs/directory.ts'
import { land } from '../../src/data/stream/landing.ts'
import { packLines } from '../../src/data/stream/row-writer.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'

const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), 'kedge-landing-'))
const store = await openSqlite(folder, Date.now)
const blobs = await openBlobDirectory(join(folder, 'blobs'))
const log = await open(join(folder, 'log'), 'a')
const project = 'bench'
await store.write(({ db, now }) =>
  db
    .insertInto('streams')
    .values({
      project, name: 's', identity: 's', kind: 'mqtt', state: 'running', holder: 'me', job_id: null, columns: '[]', position: 'null', memory: 'null',
      landed: 0, dead: 0, repeated: 0, folded: 0, buffered_bytes: 0, landed_at: null, status: 'null', created_at: now, updated_at: now,
    }) // biome-ignore format: a row
    .execute(),
)
const lines = (count: number, from: number) =>
  Array.from({ length: count }, (_, i) => `[1700000000000,"devices/s1/d${from + i}",1,false,"s1","d${i}",${i / 10}]\n`)

console.log(
  '| messages a group | transaction in the SQL store | log segment and fdatasync | a blob and a transaction |',
)
console.log('|---|---|---|---|')
for (const size of [20, 200, 2000, 20_000]) {
  const groups = Math.max(10, Math.min(300, 200_000 / size))
  const ways: (() => Promise<void>)[] = [
    async () => {
      const rows = packLines(lines(size, 0))
      const landing = {
        rows,
        dead: undefined,
        repeated: 0,
        columns: undefined,
        position: { receipts: 'x'.repeat(8000) },
        memory: undefined,
      }
      await store.write(({ db, now }) => land(db, now, { project, name: 's', holder: 'me' }, landing))
    },
    async () => {
      await log.write(packLines(lines(size, 0)).data)
      await log.datasync()
    },
    async () => {
      await blobs.put(packLines(lines(size, Math.floor(Math.random() * 1e9))).data)
      await store.write(({ db, now }) =>
        db
          .updateTable('streams')
          .set({ landed_at: now, position: 'x'.repeat(8000) })
          .where('name', '=', 's')
          .execute(),
      )
    },
  ]
  const cells: string[] = []
  for (const way of ways) {
    const began = performance.now()
    for (let i = 0; i < groups; i++) await way()
    const each = (performance.now() - began) / groups
    cells.push(`${Math.round((size / each) * 1000).toLocaleString('en')} (${each.toFixed(1)} ms)`)
  }
  console.log(`| ${size} | ${cells.join(' | ')} |`)
}
await log.close()
await store.close()
await blobs.close()
rmSync(folder, { recursive: true, force: true })
