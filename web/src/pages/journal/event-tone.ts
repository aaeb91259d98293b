import type { Tone } from '../../components/state-badge.tsx'

const bad = /\.(rejected|failed|rolled_back|opened|tripped|skipped)$/
const good = /\.(published|passed|finished|closed|moved)$/
const busy = /\.(started|advanced|fired|created)$/

/** The colour of an event by what happened. */
export const eventTone = (type: string): Tone =>
  bad.test(type) ? 'bad' : good.test(type) ? 'good' : busy.test(type) ? 'busy' : 'idle'
