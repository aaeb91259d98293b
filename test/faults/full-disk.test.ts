import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asKedgeError } from '../../src/errors.ts'
import { silentLog } from '../../src/log.ts'
import { openSpool } from '../../src/serving/inference/spool.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'

const disk = mkdtempSync(join(tmpdir(), 'kedge-full-'))
const filler = join(disk, 'filler')
let mounted = false
try {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk], { stdio: 'ignore' })
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
  beforeAll(free)

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
})
