import { setTimeout as wait } from 'node:timers/promises'
import type { FeatureLookup, LookupColumn } from '../../../contracts/feature-lookup.ts'
import { asKedgeError } from '../../../errors.ts'
import type { Logger } from '../../../log.ts'
import type { RoutedView } from '../../routing.ts'
import type { ControlClient } from '../control-client.ts'
import { readAside, threadEntry } from './read-aside.ts'
import type { ViewBase } from './read-view-base.ts'
import { createViewRows, type ViewRowsParts } from './view-rows.ts'

const entry = threadEntry('view-base-thread')
const longPoll = 20_000
const longestPause = 2000

export interface OpenedView extends FeatureLookup {
  /** sequence of the next landed row; null where there is nothing to follow */
  readonly position: number | null
  close(): void
}

/**
 * A feature view in memory: its base, and every row that lands from there on, each once and in order, so that a process that
 * begins anew has the same. While control is away lookups go on with what is known. Errors: `features_unreadable`.
 */
export async function openView(
  { control, log, clock }: { control: Pick<ControlClient, 'landed'>; log: Logger; clock: () => number },
  {
    source,
    path,
    project,
    view,
    columns,
  }: {
    source: string
    path: string
    project: string
    view: RoutedView
    columns: readonly LookupColumn[]
  },
): Promise<OpenedView> {
  const now = () => clock() * 1000
  const base: ViewBase = { path, view, now: now() }
  const rows = createViewRows(view, columns, await readAside<ViewRowsParts>(entry, source, base))
  const closing = new AbortController()
  let { position } = view

  async function catchUp(time: number): Promise<boolean> {
    const landed = await control.landed({ project, ...view }, position!, time, closing.signal)
    // all of an answer, then its position: what was asked for again is not taken twice
    for (const row of landed.rows) rows.add(row, now())
    const isMore = landed.position > position!
    position = landed.position
    return isMore
  }
  async function follow() {
    for (let failed = 0; !closing.signal.aborted; )
      try {
        await catchUp(longPoll)
        failed = 0
      } catch (error) {
        if (closing.signal.aborted) return
        // another generation comes with the routing
        if (failed++ === 0) log.warn({ source, err: asKedgeError(error) }, 'rows of a feature view do not come')
        await wait(Math.min(50 * 2 ** failed, longestPause), undefined, { signal: closing.signal }).catch(() => {})
      }
  }
  if (position !== null) {
    // a new generation is served when it is where the one before was
    try {
      while (await catchUp(0));
    } catch (error) {
      log.warn({ source, err: asKedgeError(error) }, 'a feature view begins without what landed since its base')
    }
    void follow()
  }
  return {
    source,
    columns,
    get entities() {
      return rows.entities
    },
    get bytes() {
      return rows.bytes
    },
    get position() {
      return position
    },
    lookup: (keys) => rows.lookup(keys, now()),
    close: () => closing.abort(),
  }
}
