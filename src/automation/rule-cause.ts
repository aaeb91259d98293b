import type { JournalEvent } from '../journal/catalogue.ts'
import { eventNames } from './event-names.ts'
import type { RuleSpec } from './rule-spec.ts'

/** Why a rule may fire. */
export interface RuleCause {
  /** the same cause has the same key, however often it is told */
  key: string
  /** event that told of it; absent for schedules */
  event?: number
  /** what it is about: `alert/3` */
  subject: string
  /** event time for alerts, the clock's for others; cooldowns are measured in it */
  time: number
  /** what the pipeline run is made as of; absent: the time of its start */
  asOf?: number
}

/** Kinds of events that are causes. */
export const causeTypes = ['alert.opened', 'dataset_version.published'] as const

/** The cause that an event is for a rule, if it is one. */
export function causeFor(rule: RuleSpec, event: JournalEvent<(typeof causeTypes)[number]>): RuleCause | undefined {
  if (!eventNames(event).includes(rule.on)) return undefined
  const { id, subject, time } = event
  if (event.type === 'alert.opened') {
    if (rule.endpoint !== undefined && rule.endpoint !== event.data.endpoint) return undefined
    return { key: subject, event: id, subject, time: event.data.windowEnd, asOf: event.data.windowEnd }
  }
  if (rule.dataset !== undefined && rule.dataset !== event.data.dataset) return undefined
  return { key: subject, event: id, subject, time }
}
