import { type Measured, tooFewSamples } from './too-few-samples.ts'

const hour = 3_600_000
const week = 168
const WEEKS = 8
/** Weeks from which a season is told; days without which nothing is. */
const LEAST_WEEKS = 4
const LEAST_DAYS = 3
/** Of the longest delays: by so much more is not usual. */
const MARGIN = 1.25
const LEAST_FACTOR = 2

export interface UsualSilence {
  /** hours without anything up to now */
  value: number
  limit: number
  method: string
}

/** The largest but one where there are several, which a single outage is. */
function nearlyLargest(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => b - a)
  return sorted[sorted.length >= LEAST_WEEKS ? 1 : 0] ?? 0
}

/**
 * How long nothing has happened, and how long is usual at this hour of the week. `active` are the starts of hours in which something
 * did, ascending; `now` is a time, both in milliseconds. Usual is what the weeks before had at the same hour, times a factor that
 * would have been exceeded in one of the last weeks at most; before there are four weeks twice the longest silence ever.
 */
export function usualSilence(active: readonly number[], now: number): Measured<UsualSilence> {
  const first = active[0]
  if (first === undefined) return tooFewSamples('hours with rows', 1, 0)
  const end = Math.floor(now / hour)
  const start = Math.max(Math.floor(first / hour), end - (WEEKS + 1) * week)
  const had = (end - start) / 24
  if (had < LEAST_DAYS) return tooFewSamples('days of history', LEAST_DAYS, had)
  const there = new Set(active.map((at) => Math.floor(at / hour)))
  const silences = new Float64Array(end - start + 1)
  for (let i = 1; i < silences.length; i++) silences[i] = there.has(start + i - 1) ? 0 : silences[i - 1]! + 1
  const value = silences.at(-1)!
  const current = Math.max(0, value)
  const weeks = Math.floor((end - start) / week)
  if (weeks < LEAST_WEEKS) {
    // the silence that is judged is no part of the history
    const before = silences.subarray(0, silences.length - current)
    return {
      ok: true,
      value,
      limit: 2 * before.reduce((a, b) => Math.max(a, b), 0) + 2,
      method: 'twice the longest silence before + 2 hours; the history is too short for a season',
    }
  }
  /** Of the same hour of the weeks before, and those beside it. */
  const seasonal = (i: number) => {
    const found: number[] = []
    for (let at = i - week; at >= 1 && found.length < WEEKS; at -= week)
      found.push(Math.max(silences[at - 1]!, silences[at]!, silences[at + 1] ?? 0))
    return found.length === 0 ? undefined : nearlyLargest(found)
  }
  const worst: number[] = []
  const judged = silences.length - 1 - current
  for (let back = 0; back < LEAST_WEEKS; back++) {
    let most = 0
    for (let i = judged - back * week; i > judged - (back + 1) * week && i >= 2 * week; i--) {
      const usual = seasonal(i)
      if (usual !== undefined) most = Math.max(most, silences[i]! / (usual + 1))
    }
    worst.push(most)
  }
  const factor = Math.max(LEAST_FACTOR, MARGIN * nearlyLargest(worst))
  return {
    ok: true,
    value,
    limit: factor * ((seasonal(silences.length - 1) ?? 0) + 1),
    method: `silence at the same hour of ${Math.min(weeks, WEEKS)} weeks before + 1 hour, times ${factor.toFixed(2)}, which one of the last ${LEAST_WEEKS} weeks at most has exceeded`,
  }
}

/** When an actual came, and the event time of what it belongs to. */
export interface Arrival {
  at: number
  time: number
}

/**
 * By how many hours the newest known actual lies behind the newest prediction, and how much was usual: half as much again as all weeks but the worst.
 * `active` as above; arrivals ascending by `at`.
 */
export function usualLag(active: readonly number[], arrivals: readonly Arrival[], now: number): Measured<UsualSilence> {
  const had = arrivals.length === 0 ? 0 : (now - arrivals[0]!.at) / hour / 24
  if (had < 7) return tooFewSamples('days with actuals', 7, had)
  const byWeek: number[] = []
  let [newest, predicted, next, ahead] = [arrivals[0]!.time, active[0] ?? 0, 0, 0]
  let lag = 0
  for (let at = arrivals[0]!.at; at <= now; at += hour) {
    // the lag is longest just before the next actuals come
    while (ahead < active.length && active[ahead]! <= at) predicted = active[ahead++]!
    lag = Math.max(0, (predicted - newest) / hour)
    const age = Math.floor((now - at) / hour / week)
    byWeek[age] = Math.max(byWeek[age] ?? 0, lag)
    while (next < arrivals.length && arrivals[next]!.at <= at) newest = Math.max(newest, arrivals[next++]!.time)
  }
  const value = Math.max(0, (predicted - newest) / hour)
  // the newest week holds the lag that is judged
  const before = byWeek.slice(1).filter((most) => most !== undefined)
  if (before.length === 0) return tooFewSamples('weeks before', 1, 0)
  return {
    ok: true,
    value,
    limit: 1.5 * nearlyLargest(before) + 2,
    method: `half as much again as the longest of ${before.length} weeks before + 2 hours`,
  }
}
