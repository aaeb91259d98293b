import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { by, project } from '../data/open-data.ts'
import { openStreams, type StreamStand } from '../streams/stand.ts'

const directory = mkdtempSync(join(tmpdir(), 'kedge-landed-'))
let stand: StreamStand
afterAll(async () => {
  await stand?.close()
  rmSync(directory, { recursive: true, force: true })
})

const never = new AbortController().signal
const begin = 1_700_000_000_000

/** Rows with rising amounts; every tenth is filtered out. */
async function push(from: number, rows: number) {
  const sent = Array.from({ length: rows }, (_, i) => ({
    customer: `c${(from + i) % 7}`,
    amount: (from + i) % 10 === 9 ? -1 : from + i,
    at: new Date(begin + from + i).toISOString(),
  }))
  const body = Buffer.from(JSON.stringify(sent))
  await stand.streams.push({ project, name: 'paid', key: undefined, form: 'json', body })
}

test('rows come once and in order while they are folded into files, compacted, and after another process took over', async () => {
  stand = await openStreams({ directory })
  await stand.sources.put(by, project, 'paid', {
    ...{ kind: 'push', land: { seconds: 0.1, rows: 100 }, versions: { seconds: 80_000 } },
    columns: { customer: 'text', amount: 'int', at: 'time' },
  })
  await stand.datasets.put(by, project, 'paid', { from: 'paid', time: 'at', curate: [{ filter: 'amount >= 0' }] })
  await push(0, 50)
  await stand.until('paid', ({ batches }) => batches.rows === 50)
  await stand.datasets.materialiseNow(by, { project, dataset: 'paid' })
  await stand.features.views.put(by, project, 'activity', {
    from: 'paid',
    entity: 'customer',
    features: { amount: 'amount' },
  })
  const based = async () => {
    for (;;) {
      const base = await stand.features.online.base(project, 'activity')
      if (base) return base
      await new Promise((done) => setTimeout(done, 20))
    }
  }
  const { generation, position: first } = await based()
  expect(first).toBe(50)

  const seen: [string, number, number][] = []
  let position = first!
  const follow = async (end: number) => {
    while (position < end) {
      const landed = await stand.features.online.rowsSince(project, 'activity', generation, position, 5000, never)
      seen.push(...(landed.rows as [string, number, number][]))
      position = landed.position
    }
  }
  let at = 50
  for (let round = 0; round < 3; round++) {
    const following = follow(at + 400)
    for (let i = 0; i < 20; i++, at += 20) await push(at, 20)
    await following
    if (round === 1) {
      await stand.close()
      stand = await openStreams({ directory })
    }
  }
  const { batches } = await stand.until('paid', ({ buffered }) => buffered.rows === 0)
  expect(batches.rows).toBe(at)
  const expected = Array.from({ length: at - 50 }, (_, i) => 50 + i).filter((i) => i % 10 !== 9)
  expect(seen.map(([, , amount]) => amount)).toEqual(expected)
  expect(seen.map(([customer, time]) => [customer, time])).toEqual(
    expected.map((i) => [`c${i % 7}`, (begin + i) * 1000]),
  )

  // whoever begins now, at the base, has the same, from files alone
  const again = await stand.features.online.rowsSince(project, 'activity', generation, first!, 0, never)
  expect(again.rows.map((row) => row[2])).toEqual(expected)
  // a view that is another now has nothing for who follows this one
  await stand.features.views.put(by, project, 'activity', {
    from: 'paid',
    entity: 'customer',
    features: { amount: 'amount + 1' },
  })
  const refusal = () =>
    stand.features.online.rowsSince(project, 'activity', generation, first!, 0, never).then(
      () => '',
      (error: Error) => error.message,
    )
  await expect.poll(refusal, { timeout: 10_000 }).toContain('is another now')
}, 120_000)
