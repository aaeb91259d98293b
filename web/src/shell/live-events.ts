import type { QueryClient } from '@tanstack/react-query'
import { queryString } from '../api/client.ts'
import { eventStream } from '../api/event-stream.ts'
import type { JournalEvent } from '../api/types.ts'

export type LiveState = 'connecting' | 'open' | 'lost'

export interface LiveEvents {
  /** newest first, at most `kept`; a new array for each change */
  events(): readonly JournalEvent[]
  state(): LiveState
  subscribe(listener: () => void): () => void
}

const kept = 200
/** several events of one change cause one refetch */
const settle = 400

/** First word of an event's type → the queries that may now answer otherwise. */
const concerns: Record<string, string[]> = {
  source: ['data'],
  dataset: ['data'],
  dataset_version: ['data'],
  experiment: ['tracking'],
  run: ['tracking'],
  pipeline: ['pipelines'],
  pipeline_run: ['pipelines'],
  step: ['pipelines'],
  model: ['registry'],
  model_version: ['registry'],
  gate: ['registry'],
  approval: ['registry'],
  alias: ['registry', 'serving'],
  endpoint: ['serving', 'monitoring'],
  revision: ['serving'],
  release: ['serving'],
  alert: ['monitoring'],
  monitor: ['monitoring'],
  rule: ['automation'],
  automation: ['automation'],
}

/** Follows the project's journal from now on and refetches what an event changed; ends when `signal` aborts. */
export function followProject(project: string, client: QueryClient, signal: AbortSignal): LiveEvents {
  let events: readonly JournalEvent[] = []
  let state: LiveState = 'connecting'
  const listeners = new Set<() => void>()
  const tell = () => {
    for (const listener of listeners) listener()
  }
  const changed = new Set<string>()
  let missed = false
  const refetch = () => {
    for (const part of changed) void client.invalidateQueries({ queryKey: [project, part] })
    changed.clear()
  }

  void eventStream(`/api/v1/journal/stream${queryString({ project })}`, {
    signal,
    onState(next) {
      // what was missed while the stream was lost is fetched once
      if (next === 'open' && missed) void client.invalidateQueries({ queryKey: [project] })
      missed = next === 'lost' || (missed && next !== 'open')
      state = next
      tell()
    },
    onMessage(message) {
      const event = JSON.parse(message.data) as JournalEvent
      if (typeof event.id !== 'number') return
      events = [event, ...events].slice(0, kept)
      if (changed.size === 0) setTimeout(refetch, settle)
      for (const part of concerns[event.type.split('.')[0]!] ?? []) changed.add(part)
      changed.add('journal')
      tell()
    },
  })

  return {
    events: () => events,
    state: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
