/** Events appended per second by 64 concurrent writers, each waiting until its event is durable, against the raw statement; and how far a follower is behind. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import { createJournal } from '../../src/journal/journal.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'

const writers = 64
const seconds = Number(process.argv[2] ?? 5)
const directory = mkdtempSync(join(tmpdir(), 'kedge-bench-'))

const store = await openSqlite(join(directory, 'journal'), Date.now)
const journal = createJournal(store)
const stop = new AbortController()
const behind: number[] = []
const sent = new Map<string, number>()
const following = (async () => {
  for await (const event of journal.follow({ after: 0 }, stop.signal)) {
    const at = sent.get(event.subject)
    if (at !== undefined) behind.push(performance.now() - at)
    sent.delete(event.subject)
  }
})()

async function load(duration: number, rest: number): Promise<number> {
  let count = 0
  const start = performance.now()
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let i = 0; performance.now() - start < duration; i++) {
        const subject = `project/${rest}-${writer}-${i}`
        await journal.change({ actor: 'bench' }, async (change) => {
          change.append({ type: 'project.created', project: 'bench', subject, data: { name: 'bench' } })
        })
        if (rest > 0) {
          sent.set(subject, performance.now())
          await new Promise((done) => setTimeout(done, rest))
        }
        count++
      }
    }),
  )
  return count / ((performance.now() - start) / 1000)
}

const paced = await load(seconds * 1000, 20)
await new Promise((done) => setTimeout(done, 200))
stop.abort()
await following
behind.sort((a, b) => a - b)
const rate = await load(seconds * 1000, 0)
await store.close()

const raw = new BetterSqlite(join(directory, 'raw.sqlite'))
raw.pragma('journal_mode = WAL')
raw.pragma('synchronous = FULL')
raw.exec(
  'CREATE TABLE journal (id INTEGER PRIMARY KEY, time INT, type TEXT, project TEXT, actor TEXT, subject TEXT, data TEXT, cause INT, hash TEXT)',
)
const insert = raw.prepare(
  'INSERT INTO journal (time, type, project, actor, subject, data, cause, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
)
const batch = raw.transaction(() => {
  for (let i = 0; i < writers; i++)
    insert.run(1, 'project.created', 'bench', 'bench', `project/${i}`, '{"name":"bench"}', null, 'x'.repeat(64))
})
let rawCount = 0
const rawStart = performance.now()
while (performance.now() - rawStart < seconds * 1000) {
  batch()
  rawCount += writers
}
const rawRate = rawCount / ((performance.now() - rawStart) / 1000)
raw.close()
rmSync(directory, { recursive: true, force: true })

const at = (share: number) => behind[Math.floor(behind.length * share)]!.toFixed(1)
console.log(`| what | value |
|---|---|
| events/s, ${writers} writers, durable, hash chain | ${Math.round(rate).toLocaleString('en')} |
| the same rows by raw better-sqlite3, ${writers} a commit | ${Math.round(rawRate).toLocaleString('en')} |
| ratio to raw | ${(rate / rawRate).toFixed(2)} |
| follower behind at ${Math.round(paced).toLocaleString('en')} events/s: p50 / p99 / most, ms | ${at(0.5)} / ${at(0.99)} / ${behind.at(-1)!.toFixed(1)} |`)
