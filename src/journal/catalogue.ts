import type { z } from 'zod'
import { automationEvents } from './events/automation.ts'
import { dataEvents } from './events/data.ts'
import { evaluationEvents } from './events/evaluation.ts'
import { garbageEvents } from './events/garbage.ts'
import { governanceEvents } from './events/governance.ts'
import { journalEvents } from './events/journal.ts'
import { monitoringEvents } from './events/monitoring.ts'
import { pipelinesEvents } from './events/pipelines.ts'
import { registryEvents } from './events/registry.ts'
import { reviewEvents } from './events/review.ts'
import { servingEvents } from './events/serving.ts'
import { trackingEvents } from './events/tracking.ts'

/** Every kind of event there is. A domain adds its own in its file of `events/`. */
export const eventCatalogue = {
  ...journalEvents,
  ...dataEvents,
  ...trackingEvents,
  ...evaluationEvents,
  ...reviewEvents,
  ...registryEvents,
  ...pipelinesEvents,
  ...servingEvents,
  ...monitoringEvents,
  ...automationEvents,
  ...governanceEvents,
  ...garbageEvents,
}

export type EventType = keyof typeof eventCatalogue
export type EventData<T extends EventType> = z.infer<(typeof eventCatalogue)[T]['data']>

/** An event as it is appended. */
export type NewEvent = {
  [T in EventType]: {
    type: T
    project: string
    /** `kind/name`, e.g. `dataset/flights`, `run/1f0c…` */
    subject: string
    data: EventData<T>
    /** id of the event that led to this one, if it is another than the change's own */
    cause?: number
  }
}[EventType]

/** An event as it is read back. */
export type JournalEvent<T extends EventType = EventType> = {
  [K in T]: {
    id: number
    /** milliseconds since 1970 */
    time: number
    type: K
    project: string
    actor: string
    subject: string
    data: EventData<K>
    cause: number | null
    hash: string
  }
}[T]
