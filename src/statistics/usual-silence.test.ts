import { expect, test } from 'vitest'
import { seededRandom } from './seeded-random.ts'
import { usualLag, usualSilence } from './usual-silence.ts'

const hour = 3_600_000
const day = 24 * hour
const start = Date.parse('2026-01-05T00:00:00Z')
const hours = (days: number, when: (hourOfDay: number, dayOfWeek: number) => boolean) =>
  Array.from({ length: days * 24 }, (_, i) => start + i * hour).filter((_, i) => when(i % 24, Math.floor(i / 24) % 7))

test('round the clock: two hours are noticed', () => {
  const active = hours(56, () => true)
  const end = start + 56 * day
  expect(usualSilence(active, end + hour)).toMatchObject({ ok: true, value: 1, limit: 2 })
  const found = usualSilence(active, end + 3 * hour)
  expect(found.ok && found.value > found.limit).toBe(true)
})

test('nights and weekends are usual, a silent Tuesday noon is not', () => {
  const active = hours(58, (at, weekday) => at >= 8 && at < 18 && weekday < 5)
  // the 58 days end with a Tuesday: silent from Tuesday evening on is usual until Wednesday morning
  const tuesday = start + 57 * day
  const night = usualSilence(active, tuesday + 29 * hour)
  expect(night.ok && night.value <= night.limit).toBe(true)
  const noon = usualSilence(active, tuesday + 24 * hour + 14 * hour)
  expect(noon.ok && noon.value > noon.limit).toBe(true)
  // a weekend
  const friday = hours(54, (at, weekday) => at >= 8 && at < 18 && weekday < 5)
  const sunday = usualSilence(friday, start + 55 * day + 20 * hour)
  expect(sunday.ok && sunday.value <= sunday.limit).toBe(true)
})

test('irregular traffic raises few alarms: the factor is that of its own weeks', () => {
  let alarms = 0
  let asked = 0
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed)
    const active = hours(63, () => random() < 0.15)
    for (let at = 57; at < 63; at++) {
      const now = start + at * day
      const found = usualSilence(
        active.filter((time) => time < now),
        now,
      )
      asked++
      if (found.ok && found.value > found.limit) alarms++
    }
  }
  expect(alarms / asked).toBeLessThan(0.05)
})

test('a young history is judged by its longest silence, one of hours not at all', () => {
  expect(
    usualSilence(
      hours(1, () => true),
      start + day,
    ).ok,
  ).toBe(false)
  const found = usualSilence(
    hours(7, (at) => at < 12),
    start + 7 * day + 20 * hour,
  )
  expect(found).toMatchObject({ ok: true, value: 32, limit: 26 })
})

test('actuals that come every night are late after more than a day and a half, monthly ones are not', () => {
  const active = hours(60, () => true)
  const nightly = Array.from({ length: 50 }, (_, i) => ({
    at: start + (i + 1) * day,
    time: start + (i + 1) * day - hour,
  }))
  const now = start + 51 * day - hour
  expect(
    usualLag(
      active.filter((at) => at < now),
      nightly,
      now,
    ),
  ).toMatchObject({ ok: true })
  const fine = usualLag(
    active.filter((at) => at < now),
    nightly,
    now,
  )
  expect(fine.ok && fine.value <= fine.limit).toBe(true)
  const later = start + 53 * day
  const late = usualLag(
    active.filter((at) => at < later),
    nightly,
    later,
  )
  expect(late.ok && late.value > late.limit).toBe(true)
  const monthly = [
    { at: start + 20 * day, time: start + 15 * day },
    { at: start + 48 * day, time: start + 45 * day },
  ]
  const found = usualLag(
    active.filter((at) => at < later),
    monthly,
    later,
  )
  expect(found.ok && found.value <= found.limit).toBe(true)
})
