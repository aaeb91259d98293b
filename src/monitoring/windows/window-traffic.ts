import type { Traffic } from '../../contracts/monitor-kind.ts'
import { day, hour } from '../event-day.ts'
import type { HourRows } from '../traffic-share.ts'
import type { Bounds } from './window-bounds.ts'

/** Weeks that a window's traffic is held against. */
export const trafficWeeks = 8

export interface TrafficRange {
  /** event times of the endpoint's first and last prediction */
  first: number
  last: number
}

/** The endpoint's traffic in a window and in the same hours of the weeks before; undefined while the window is not over. */
export function windowTraffic(
  hours: readonly HourRows[],
  { first, last }: TrafficRange,
): (window: Bounds) => (Traffic & { before: Traffic[] }) | undefined {
  const live = new Map<number, number>()
  for (const { hour: at, live: rows } of hours) if (rows > 0) live.set(at, (live.get(at) ?? 0) + rows)
  const within = ({ start, end }: Bounds): Traffic => {
    let [rows, silence, gap] = [0, 0, 0]
    for (let at = start; at < end; at += hour) {
      const here = live.get(at) ?? 0
      rows += here
      gap = here > 0 ? 0 : gap + 1
      if (gap > silence) silence = gap
    }
    return { rows, silence }
  }
  return ({ start, end }) => {
    if (end > last) return undefined
    const before: Traffic[] = []
    for (let week = 1; week <= trafficWeeks; week++) {
      const [from, to] = [start - week * 7 * day, end - week * 7 * day]
      if (from >= first) before.push(within({ start: from, end: to }))
    }
    return { ...within({ start, end }), before }
  }
}
