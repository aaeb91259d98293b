import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { asKedgeError } from '../../src/errors.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { startReader } from '../../src/journal/reader.ts'
import { silentLog } from '../../src/log.ts'
import { createStepLogs, throwLogFailure } from '../../src/pipelines/step-log.ts'
import { openSpool } from '../../src/serving/inference/spool.ts'
import { createEmbeddedEvents } from '../../src/storage/events/embedded-events.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'

const disk = mkdtempSync(join(tmpdir(), 'kedge-full-'))
const filler = join(disk, 'filler')
let mounted = false
try {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', disk], { stdio: 'ignore' })
  mounted = true
} catch {
  rmdirSync(disk)
}

/** Leaves no byte free on the disk. */
function fill() {
  for (const [name, size] of [
    ['a', 1 << 20],
    ['b', 4096],
  ] as const)
    try {
      for (let i = 0; ; i++) writeFileSync(`${filler}-${name}-${i}`, Buffer.alloc(size))
    } catch {
      // full
    }
}
const free = () => execFileSync('sh', ['-c', `rm -f ${filler}-*`])

afterAll(() => {
  if (!mounted) return
  execFileSync('umount', ['-l', disk])
  rmSync(disk, { recursive: true, force: true })
})

describe.skipIf(!mounted)('a full disk (needs root, which may mount a small one)', () => {
  beforeEach(free)

  test('SQL: what was committed stays, what failed says disk_full and can be repeated', async () => {
    const store = await openSqlite(join(disk, 'sql'), Date.now)
    const add = (name: string) =>
      store.write((unit) => unit.db.insertInto('projects').values({ name, created_at: unit.now }).execute())
    const acknowledged: string[] = []
    const failed: string[] = []
    fill()
    for (let i = 0; i < 200; i++)
      await add(`p-${i}-${'x'.repeat(20_000)}`).then(
        () => acknowledged.push(`p-${i}-`),
        (error) => {
          expect(asKedgeError(error).code).toBe('disk_full')
          failed.push(`p-${i}-`)
        },
      )
    expect(failed.length).toBeGreaterThan(0)
    free()
    await add('after')
    await store.close()
    await expect(
      openSqlite(join(disk, 'sql'), Date.now).then(async (again) => {
        const rows = await again.read.selectFrom('projects').select('name').execute()
        await again.close()
        return rows.map(({ name }) => name.replace(/x+$/, '')).sort()
      }),
    ).resolves.toEqual([...acknowledged, 'after'].sort())
  })

  test('a data directory that cannot be begun says so, and can be begun when there is space', async () => {
    fill()
    const error = await openSqlite(join(disk, 'new'), Date.now).catch(asKedgeError)
    expect(error).toMatchObject({ code: 'disk_full' })
    free()
    await (await openSqlite(join(disk, 'new'), Date.now)).close()
  })

  test('spool: lines that it took are there whole, those that it did not are counted', async () => {
    const spool = openSpool({ directory: join(disk, 'spool'), log: silentLog, segmentBytes: 10_000 })
    fill()
    const taken: string[] = []
    for (let i = 0; i < 100; i++)
      if (spool.append([Buffer.from(`${i} ${'y'.repeat(3000)}\n`)], 1)) taken.push(String(i))
    expect(spool.status().dropped).toBe(100 - taken.length)
    expect(taken.length).toBeLessThan(100)
    free()
    expect(spool.append([Buffer.from('after\n')], 1)).toBe(true)
    spool.close()
    const again = openSpool({ directory: join(disk, 'spool'), log: silentLog })
    const lines: string[] = []
    for (let batch = await again.next(1e6); batch; batch = await again.next(1e6)) {
      lines.push(
        ...batch.records
          .toString()
          .trimEnd()
          .split('\n')
          .map((line) => line.split(' ')[0]!),
      )
      await again.acknowledge()
    }
    again.close()
    expect(lines).toEqual([...taken, 'after'])
  })

  test('the events engine: what was acknowledged stays, what failed says disk_full, and it goes on when there is space', async () => {
    const events = createEmbeddedEvents({ dataDirectory: join(disk, 'events'), log: silentLog })
    const noise = (n: number) => randomBytes(n).toString('base64')
    const insert = (id: string, bytes: number) => events.insert('noise', [{ id, text: noise(bytes) }], { token: id })
    await events.command('CREATE TABLE noise (id String, text String) ENGINE = MergeTree ORDER BY id')
    const acknowledged: string[] = []
    const failures: string[] = []
    await insert('before', 1000)
    acknowledged.push('before')
    fill()
    for (let i = 0; i < 40 && failures.length < 3; i++)
      await insert(`r-${i}`, 200_000).then(
        () => acknowledged.push(`r-${i}`),
        (error) => failures.push(asKedgeError(error).code),
      )
    expect(new Set(failures)).toEqual(new Set(['disk_full']))
    const ids = async () => (await events.query<{ id: string }>('SELECT id FROM noise ORDER BY id')).map(({ id }) => id)
    expect(await ids()).toEqual([...acknowledged].sort())
    free()
    await insert('after', 200_000)
    expect(await ids()).toEqual([...acknowledged, 'after'].sort())
    expect(events.status()).toMatchObject({ state: 'ready', restarts: 0 })
    await events.close()
    const again = createEmbeddedEvents({ dataDirectory: join(disk, 'events'), log: silentLog })
    const kept = (await again.query<{ id: string }>('SELECT id FROM noise ORDER BY id')).map(({ id }) => id)
    await again.close()
    expect(kept).toEqual([...acknowledged, 'after'].sort())
  }, 60_000)

  test('the log of a step: what was written stays, its step is told, and the next log is whole', () => {
    const logs = createStepLogs(join(disk, 'logs'))
    const first = logs.write(1, 'fit')
    first.write('begun\n')
    fill()
    for (let i = 0; i < 100; i++) first.write(`${'z'.repeat(1000)}\n`)
    first.close()
    expect(readFileSync(logs.pathOf(1, 'fit'), 'utf8')).toMatch(/^begun\n/)
    expect(() => throwLogFailure(first)).toThrow(expect.objectContaining({ code: 'disk_full' }))
    const second = logs.write(2, 'fit')
    second.write('never\n')
    second.close()
    expect(() => throwLogFailure(second)).toThrow(expect.objectContaining({ code: 'disk_full' }))
    free()
    const next = logs.write(3, 'fit')
    next.write('again\n')
    next.close()
    throwLogFailure(next)
    expect(readFileSync(logs.pathOf(3, 'fit'), 'utf8')).toBe('again\n')
  })

  test('a reader of the journal says once that it cannot go on, and goes on from where it stood', async () => {
    const lines: { level: number; msg: string; err?: unknown; reader?: string; error?: string }[] = []
    const log = pino({ level: 'info' }, { write: (line) => lines.push(JSON.parse(line)) })
    const store = await openSqlite(join(disk, 'reader'), Date.now)
    const journal = createJournal(store)
    const seen: string[] = []
    const reader = startReader(
      { store, journal, log, clock: Date.now, node: 'test' },
      {
        name: 'test',
        types: ['project.created'],
        async handle(event) {
          seen.push(event.subject)
        },
      },
    )
    const create = (name: string) =>
      journal.change({ actor: 'test' }, async (change) => {
        change.append({ type: 'project.created', project: name, subject: `project/${name}`, data: { name } })
      })
    await create('first')
    await reader.caughtUp()
    fill()
    while (!lines.some(({ reader }) => reader === 'test')) await new Promise((done) => setTimeout(done, 50))
    await new Promise((done) => setTimeout(done, 1000))
    expect(lines.filter(({ reader }) => reader === 'test')).toMatchObject([
      { msg: 'a reader of the journal cannot read', error: expect.stringContaining('No space left') },
    ])
    expect(JSON.stringify(lines)).not.toContain('"stack"')
    free()
    await create('second')
    await reader.caughtUp()
    expect(seen).toEqual(['project/first', 'project/second'])
    await reader.stop()
    await store.close()
  }, 60_000)
})
