import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createJournal, type Journal } from '../../src/journal/journal.ts'
import { applyVerdict } from '../../src/monitoring/alert-transitions.ts'
import { createAlerts } from '../../src/monitoring/alerts.ts'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { day } from './watch-flights.ts'

const directory = mkdtempSync(join(tmpdir(), 'kedge-alerts-'))
let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(async () => {
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
})

const kinds: [string, () => Promise<SqlStore>][] = [
  ['SQLite', () => openSqlite(directory, Date.now)],
  ['PostgreSQL', () => openPostgres(postgres.url(), Date.now)],
]

describe.each(kinds)('alerts on %s', (_, open) => {
  let store: SqlStore
  let journal: Journal
  beforeAll(async () => {
    store = await open()
    journal = createJournal(store)
  })
  afterAll(() => store.close())

  /** Windows 1, 2, 3 … days long since 1970; whether each violates. */
  async function judge(endpoint: string, windows: [end: number, violates: boolean][]) {
    for (const [end, violates] of windows)
      await journal.change({ actor: 'monitoring' }, (change) =>
        applyVerdict(
          change,
          { project: 'p', endpoint },
          {
            family: 'drift',
            windowStart: (end - 7) * day,
            windowEnd: end * day,
            violations: violates
              ? [
                  {
                    windowStart: (end - 7) * day,
                    windowEnd: end * day,
                    revision: 1,
                    monitor: 'drift.distance',
                    feature: 'x',
                    value: 1,
                    thresholdLow: null,
                    thresholdHigh: 0.5,
                    samples: 100,
                  },
                ]
              : [],
            causes: [],
            model: 'm',
            version: 1,
          },
          2,
        ),
      )
    return createAlerts({ store, journal }).list('p', { endpoint })
  }

  it('opens one, extends it, closes it after two healthy windows, opens the next', async () => {
    const alerts = await judge('a', [
      [10, false],
      [11, true],
      [12, true],
      [13, false],
      [14, true],
      [15, false],
      [16, false],
      [17, false],
      [18, true],
    ])
    expect(alerts.map((a) => [a.state, a.firstWindowEnd / day, a.lastWindowEnd / day, a.violations.length])).toEqual([
      ['open', 18, 18, 1],
      ['closed', 11, 14, 3],
    ])
    expect(alerts[1]).toMatchObject({ closedBy: 'monitoring', reason: 'the last 2 windows are healthy' })
  })

  it('takes a window judged again, or late, for no news', async () => {
    const alerts = await judge('b', [
      [11, true],
      [11, true],
      [9, true],
      [12, false],
      [12, false],
      [12, false],
      [13, false],
      [11, true],
      [10, true],
    ])
    expect(alerts.map((a) => [a.state, a.violations.length])).toEqual([['closed', 2]])
  })

  it('takes back what a part of the rows raised, once the window is judged by all of them', async () => {
    const alerts = await judge('d', [
      [11, true],
      [11, false],
      [12, false],
    ])
    expect(alerts.map((a) => [a.state, a.violations])).toEqual([['closed', []]])
    expect(alerts[0]!.reason).toMatch(/^taken back/)
    // it covers no window, so one of its windows may still raise another
    const again = await judge('d', [
      [11, true],
      [12, true],
      [12, false],
      [13, true],
      [11, false],
    ])
    expect(again.map((a) => [a.state, a.firstWindowEnd / day, a.lastWindowEnd / day, a.violations.length])).toEqual([
      ['open', 13, 13, 1],
      ['closed', 11, 11, 0],
    ])
  })

  it('never has two open for one family, whatever comes in which order', async () => {
    let n = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 8, max: 20 }), fc.boolean()), { maxLength: 25 }),
        async (windows) => {
          const alerts = await judge(`c${n++}`, windows)
          expect(alerts.filter((a) => a.state === 'open').length).toBeLessThanOrEqual(1)
          expect(alerts.length > 0).toBe(windows.some(([, violates]) => violates))
        },
      ),
      { numRuns: 30 },
    )
  })
})
