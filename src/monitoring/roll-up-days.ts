import { dayPerformanceStatement, dayProfilesStatement } from '../storage/events/day-roll-ups.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { day, dayOf } from './event-day.ts'

interface HoursOfScope {
  project: string
  scope: string
  buckets: readonly number[]
}

const rollUp =
  (statement: (where: string) => string) =>
  /** Rolls up the days that hold these hours anew, from all of their hours. */
  async (events: EventsStore, { project, scope, buckets }: HoursOfScope, signal?: AbortSignal): Promise<void> => {
    const days = [...new Set(buckets.map(dayOf))].sort((a, b) => a - b)
    const params = {
      project,
      scope,
      days: days.map((start) => start / 1000),
      from: days[0]! / 1000,
      to: (days.at(-1)! + day) / 1000,
    }
    const where = `project = {project:String} AND scope = {scope:String}
    AND bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC')
    AND toUnixTimestamp(toStartOfDay(bucket)) IN {days:Array(UInt32)}`
    await events.command(statement(where), params, { repeatable: true, ...(signal ? { signal } : {}) })
  }

export const rollUpProfiles = rollUp(dayProfilesStatement)
export const rollUpPerformance = rollUp(dayPerformanceStatement)
