import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadDaySlices, loadWindow } from '../../src/monitoring/day-slices.ts'
import type { RecordedPrediction } from '../../src/monitoring/encode-predictions.ts'
import { hour } from '../../src/monitoring/event-day.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { mergeSlices, type Slice, typeOf } from '../../src/statistics/slice.ts'
import { days } from '../../src/storage/events/migrations/0002-days.ts'
import { day, openMonitoring } from './watch-flights.ts'

const key = { project: 'p', endpoint: 'e' }
const start = Date.parse('2001-03-01T00:00:00Z')
const random = seededRandom(12)
const rows = Array.from({ length: 2400 }, (_, i): RecordedPrediction => {
  const time = start + Math.floor(random() * 4 * day)
  return {
    id: `r${i}`,
    time,
    receivedAt: 1_700_000_000_000,
    revision: 1 + (i % 2),
    shadow: i % 3 === 0,
    caller: '',
    latencyUs: 100 + i,
    features: { x: Math.exp(3 * random()) * (i % 5 === 0 ? -1 : 1), g: `g${i % 7}` },
    score: random(),
    label: '',
  }
})
const actuals = rows.map((row, i) => ({ id: row.id, value: i % 3 === 0, receivedAt: 1_700_000_000_000 }))

let world: Awaited<ReturnType<typeof openMonitoring>>
beforeAll(async () => {
  world = await openMonitoring()
  await world.monitoring.ingest.predictions(key, rows.slice(0, 1500))
  await world.monitoring.settled(key)
  // late rows of days that are rolled up already, and their truth
  await world.monitoring.ingest.predictions(key, rows.slice(1500))
  await world.monitoring.ingest.actuals(key, actuals)
  await world.monitoring.settled(key)
})
afterAll(() => world.close())

const load = (from: number, to: number) =>
  loadDaySlices(world.environment.events, { project: 'p', scope: 'endpoint/e', from, to })

/** Pieces that contain no whole day, so that they are read from the hours. */
async function fromHours(from: number, to: number): Promise<Slice[]> {
  const slices: Slice[] = []
  for (let at = from; at < to; at += 12 * hour)
    slices.push(...(await load(at, Math.min(to, at + 12 * hour))).map((d) => d.slice))
  return slices
}

/** What must be equal; sums of floats up to the order in which they were added. */
function plain(slice: Slice) {
  const { binary, joined } = slice.performance
  const sorted = <K, V>(map: ReadonlyMap<K, V>) => [...map].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))
  return {
    rows: slice.rows,
    live: slice.live,
    features: sorted(slice.features).map(([name, p]) => [
      name,
      p.count,
      p.sum.toPrecision(10),
      p.minimum,
      p.maximum,
      sorted(p.sketch),
      sorted(p.categories),
    ]),
    joined,
    logLoss: binary.logLoss.sum.toPrecision(10),
    scores: [sorted(binary.positiveScores), sorted(binary.negativeScores)],
    groups: sorted(slice.groups).map(([name, g]) => [name, g.n, g.positives, g.truePositives]),
  }
}

test.each([
  ['whole days', 0, 4 * 24],
  ['a part of a day', 30, 40],
  ['days with parts at both ends', 7, 75],
  ['from midnight', 24, 60],
  ['to midnight', 5, 72],
])('a window from roll-ups is the window from hours: %s', async (_, from, to) => {
  const range = [start + from * hour, start + to * hour] as const
  const rolled = mergeSlices((await load(...range)).map((d) => d.slice))
  expect(rolled.rows).toBe(rows.filter((row) => row.time >= range[0] && row.time < range[1]).length)
  expect(rolled.performance.joined).toBe(rolled.rows)
  expect(plain(rolled)).toEqual(plain(mergeSlices(await fromHours(...range))))
  const filter = { project: 'p', scope: 'endpoint/e', from: range[0], to: range[1] }
  const { features } = plain(await loadWindow(world.environment.events, filter))
  expect(features).toEqual(plain(rolled).features)
})

test('the days of an older version are rolled up when it is upgraded, and upgrading twice changes nothing', async () => {
  const { events } = world.environment
  const whole = () => load(start, start + 4 * day).then((found) => found.map((d) => plain(d.slice)))
  const before = await whole()
  for (const table of ['profile_days', 'performance_days']) await events.command(`TRUNCATE TABLE ${table}`)
  expect(await whole()).toEqual([])
  for (const statement of [...days.statements, ...days.statements]) await events.command(statement)
  expect(await whole()).toEqual(before)
})

test('a whole day is read from its roll-up: hours that changed without it are not seen until it is made again', async () => {
  const { events } = world.environment
  const before = mergeSlices((await load(start, start + day)).map((d) => d.slice)).rows
  // as if control died between the hours and the day; the hour is still marked as stale then
  await events.command(
    `INSERT INTO profiles SELECT project, scope, revision, segment, feature, bucket, computed_at + 1, count + 100, missing, sum,
       sum_squares, minimum, maximum, sketch_keys, sketch_counts, categories, centred, vector
     FROM profiles FINAL WHERE feature = '$rows' AND bucket = {bucket:DateTime('UTC')} AND revision = 1`,
    { bucket: new Date(start + 3 * hour) },
  )
  expect(mergeSlices((await load(start, start + day)).map((d) => d.slice)).rows).toBe(before)
  const [row] = rows.filter((r) => r.time >= start && r.time < start + day)
  await world.monitoring.ingest.predictions(key, [{ ...row!, id: 'late', time: start + 3 * hour }])
  await world.monitoring.settled(key)
  expect(mergeSlices((await load(start, start + day)).map((d) => d.slice)).rows).toBe(before + 1)
})

test('a feature with more texts than a profile keeps is no number', async () => {
  const key = { project: 'p', endpoint: 'many' }
  await world.monitoring.ingest.predictions(
    key,
    rows.map((row, i) => ({ ...row, revision: 1, time: start + i, features: { name: `n${i}` } })),
  )
  await world.monitoring.settled(key)
  const filter = { project: 'p', scope: 'endpoint/many', revision: 1, from: start, to: start + day }
  const profile = (await loadWindow(world.environment.events, filter)).features.get('name')!
  expect([profile.count, profile.categories.size]).toEqual([2400, 1000])
  expect(typeOf(profile)).toBe('categorical')
})
