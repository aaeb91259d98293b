import type { EventsLog } from '../../src/storage/events/events-store.ts'

const nothing = () => {}

export const quietLog: EventsLog = { debug: nothing, info: nothing, warn: nothing, error: nothing }
