import { chiSquareUpper } from '../statistics/chi-square.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { dayOf } from './event-day.ts'

/** Predictions of a revision in an hour, and how many of them answered callers. */
export interface HourRows {
  revision: number
  /** start, milliseconds since 1970 */
  hour: number
  rows: number
  live: number
}

/** The rows of every hour and revision of an endpoint. */
export const readHourRows = (
  events: EventsStore,
  filter: { project: string; scope: string; from: number; to: number },
): Promise<HourRows[]> =>
  events.query<HourRows>(
    `SELECT revision, toUnixTimestamp(bucket) * 1000 AS hour, count AS rows, sum AS live FROM profiles FINAL
     WHERE project = {project:String} AND scope = {scope:String} AND segment = '' AND feature = '$rows'
       AND bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC')
     ORDER BY revision, hour`,
    { ...filter, from: Math.max(0, filter.from / 1000), to: filter.to / 1000 },
  )

export type TrafficWeight = (revision: number, day: number) => number

/** Expected rows that hours are put together to before they are compared. */
const LEAST_EXPECTED = 5
/** A day's hours are another mixture when this much of it is elsewhere, and surely so. */
const LARGEST_DISTANCE = 0.1
const SURELY = 0.001

/**
 * How many rows of the endpoint's traffic a row of a revision's day stands for. Releases let a revision's share grow from day
 * to day, so its days weigh differently than those of the traffic: without these weights that looks like a drift of
 * the weekday. 0 for a day within which the share changed (it began at noon, or rows in shadow were left out): the
 * hours of such a day are not those of a day. `partOf` gives the start of the part that an hour belongs to: its day.
 */
export function trafficWeights(hours: readonly HourRows[], partOf: (hour: number) => number = dayOf): TrafficWeight {
  const traffic = new Map<number, number>()
  for (const { hour, live } of hours) traffic.set(hour, (traffic.get(hour) ?? 0) + live)
  const hoursOfDay = new Map<number, number[]>()
  for (const hour of [...traffic.keys()].sort((a, b) => a - b)) {
    const part = partOf(hour)
    const known = hoursOfDay.get(part)
    if (known) known.push(hour)
    else hoursOfDay.set(part, [hour])
  }
  const own = new Map(hours.map(({ revision, hour, rows }) => [`${revision}/${hour}`, rows]))
  return (revision, at) => {
    const cells = (hoursOfDay.get(at) ?? []).map((hour) => ({
      rows: own.get(`${revision}/${hour}`) ?? 0,
      traffic: traffic.get(hour)!,
    }))
    const rows = cells.reduce((n, cell) => n + cell.rows, 0)
    const all = cells.reduce((n, cell) => n + cell.traffic, 0)
    if (rows === 0 || all === 0 || rows === all) return 1
    return isSteady(cells, rows, all) ? all / rows : 0
  }
}

/** Whether the revision's rows lie in the hours as the traffic does. */
function isSteady(cells: readonly { rows: number; traffic: number }[], rows: number, all: number): boolean {
  const share = rows / all
  let distance = 0
  let squares = 0
  let groups = 0
  let seen = 0
  let expected = 0
  let left = rows
  for (const cell of cells) {
    seen += cell.rows
    const here = cell.traffic * share
    expected += here
    left -= here
    distance += Math.abs(cell.rows - here) / (2 * rows)
    if (expected < LEAST_EXPECTED || left < LEAST_EXPECTED) continue
    squares += (seen - expected) ** 2 / expected
    groups++
    seen = 0
    expected = 0
  }
  if (expected > 0) {
    squares += (seen - expected) ** 2 / expected
    groups++
  }
  // where most rows are the revision's, counts vary less than Poisson's
  const variance = Math.max(0.05, 1 - Math.min(1, share))
  return distance <= LARGEST_DISTANCE || groups < 2 || chiSquareUpper(squares / variance, groups - 1) >= SURELY
}
