import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { silentLog } from '../../log.ts'
import { openSpool } from './spool.ts'

const directories: string[] = []
const fresh = () => {
  const directory = mkdtempSync(join(tmpdir(), 'kedge-spool-'))
  directories.push(directory)
  return directory
}
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})
const options = (directory: string, more = {}) => ({ directory, log: silentLog, segmentBytes: 200, ...more })
const segments = (directory: string) =>
  readdirSync(directory)
    .filter((file) => file.endsWith('.spool'))
    .sort()

const line = (n: number) => Buffer.from(`{"n":${n}}\n`)

describe('the spool', () => {
  test('gives every line once and in order, whatever is closed and reopened when', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('append' as const), lines: fc.integer({ min: 1, max: 12 }) }),
      fc.record({ do: fc.constant('ship' as const), bytes: fc.integer({ min: 1, max: 400 }) }),
      fc.record({ do: fc.constant('lose' as const), bytes: fc.integer({ min: 1, max: 400 }) }),
      fc.record({ do: fc.constant('reopen' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const directory = fresh()
        let spool = openSpool(options(directory))
        let written = 0
        const got = new Map<string, string>()
        for (const one of steps) {
          if (one.do === 'append')
            expect(
              spool.append(
                Array.from({ length: one.lines }, () => line(written++)),
                one.lines,
              ),
            ).toBe(true)
          else if (one.do === 'reopen') {
            spool.close()
            spool = openSpool(options(directory))
          } else {
            const batch = await spool.next(one.bytes)
            // a batch whose answer was lost arrives again with the same token and the same lines
            if (batch && got.has(batch.token)) expect(batch.records.toString()).toBe(got.get(batch.token))
            if (batch) got.set(batch.token, batch.records.toString())
            if (one.do === 'ship') await spool.acknowledge()
          }
        }
        for (let batch = await spool.next(1000); batch; batch = await spool.next(1000)) {
          got.set(batch.token, batch.records.toString())
          await spool.acknowledge()
        }
        spool.close()
        const numbers = [...got.values()]
          .join('')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line).n)
        expect(numbers).toEqual(Array.from({ length: written }, (_, i) => i))
        expect(segments(directory)).toHaveLength(1)
      }),
      { numRuns: 60 },
    )
  })

  test('a torn tail costs only the torn lines', async () => {
    const directory = fresh()
    const first = openSpool(options(directory, { segmentBytes: 10_000 }))
    first.append([line(1)], 1)
    first.append([line(2)], 1)
    first.close()
    const [segment] = segments(directory)
    truncateSync(join(directory, segment!), statSync(join(directory, segment!)).size - 3)
    const second = openSpool(options(directory, { segmentBytes: 10_000 }))
    second.append([line(3)], 1)
    expect((await second.next(1000))?.records.toString()).toBe('{"n":1}\n')
    await second.acknowledge()
    expect((await second.next(1000))?.records.toString()).toBe('{"n":3}\n')
    await second.acknowledge()
    expect(await second.next(1000)).toBeUndefined()
    expect(second.status()).toEqual({ bytes: 0, dropped: 0, rejected: 0, full: false })
    second.close()
  })

  test('drops and counts what comes when it is full, and goes on when there is room', async () => {
    const spool = openSpool(options(fresh(), { limitBytes: 40 }))
    expect(spool.append([line(1), line(2), line(3), line(4)], 4)).toBe(true)
    expect(spool.append([line(5), line(6)], 2)).toBe(false)
    expect(spool.append([line(6)], 1, 'refuse')).toBe(false)
    expect(spool.status()).toMatchObject({ dropped: 2, full: true })
    await spool.next(1000)
    await spool.acknowledge()
    expect(spool.append([line(7)], 1)).toBe(true)
    expect(spool.status().full).toBe(false)
    spool.close()
  })

  test('keeps what is refused for ever aside', async () => {
    const directory = fresh()
    const spool = openSpool(options(directory))
    spool.append([line(1)], 1)
    await spool.next(1000)
    await spool.reject()
    expect(spool.status()).toEqual({ bytes: 0, dropped: 0, rejected: 1, full: false })
    expect(readdirSync(join(directory, 'rejected'))).toHaveLength(1)
    spool.close()
  })
})
