import type { JournalEvent } from '../journal/catalogue.ts'

/** Kinds of alerts that mean that the world, or the model's fit to it, has changed. */
const driftFamilies = new Set(['drift', 'performance'])

/** The names under which rules and channels know an event: its type, and what it amounts to. */
export function eventNames(event: Pick<JournalEvent, 'type' | 'data'>): string[] {
  const names: string[] = [event.type]
  if (event.type === 'alert.opened' && driftFamilies.has((event.data as { family: string }).family))
    names.push('drift.detected')
  if (event.type === 'pipeline_run.finished') names.push(`pipeline_run.${(event.data as { state: string }).state}`)
  return names
}
