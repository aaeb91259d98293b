import { describe, expect, test } from 'vitest'
import { silentLog } from '../../log.ts'
import type { Spool } from './spool.ts'
import { givenWay, startSpoolShipper } from './spool-shipper.ts'

describe('how long sending gives way', () => {
  test('not at all where requests did not wait for a processor', () => {
    expect(givenWay(60, 0)).toBe(0)
    expect(givenWay(60, 3)).toBe(0)
  })
  test('so long that requests lose a twentieth of their time, and never longer than five seconds', () => {
    expect(givenWay(60, 30)).toBe(540)
    expect(30 / (60 + givenWay(60, 30))).toBeCloseTo(0.05, 12)
    expect(givenWay(60, 60_000)).toBe(5000)
  })
})

/** A spool with so many full batches, of which `waiting` bytes wait. */
function spoolOf(batches: number, waiting: number) {
  let left = batches
  const spool: Partial<Spool> = {
    next: async () => (left > 0 ? { token: String(left), records: Buffer.alloc(1 << 20) } : undefined),
    acknowledge: async () => {
      left--
    },
    status: () => ({ bytes: waiting, dropped: 0, rejected: 0, full: false }),
  }
  return { spool: spool as Spool, left: () => left }
}

describe('a shipper whose batches make requests wait', () => {
  const start = (spool: Spool, sent: () => void) => {
    let waited = 0
    return startSpoolShipper({
      spool,
      log: silentLog,
      control: {
        async predictions() {
          waited += 100_000
          sent()
        },
      },
      crowded: 1000,
      waited: () => waited,
    })
  }
  test('pauses after a batch, and sends the rest when it is stopped', async () => {
    const { spool, left } = spoolOf(3, 999)
    const first = Promise.withResolvers<void>()
    const shipper = start(spool, first.resolve)
    await first.promise
    await new Promise(setImmediate)
    expect(left()).toBe(2)
    await shipper.stop()
    expect(left()).toBe(0)
  })
  test('pauses no more when too much waits', async () => {
    const { spool, left } = spoolOf(3, 1000)
    let sent = 0
    await new Promise<void>((resolve) => {
      start(spool, () => {
        if (++sent === 3) resolve()
      })
    })
    expect(left()).toBeLessThanOrEqual(1)
  })
})
