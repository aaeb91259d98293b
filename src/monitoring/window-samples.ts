import type { ReferenceView, WindowView } from '../contracts/monitor-kind.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { loadSample } from './samples.ts'
import type { EndpointKey } from './stale.ts'

/** Rows of a window, and of a reference, that a sample holds at most. */
const MOST = 2000

/** Adds samples of the rows to the views of a window and of its reference. */
export type WindowSamples = (
  key: EndpointKey,
  window: WindowView,
  reference: ReferenceView | undefined,
) => Promise<[window: WindowView, reference: ReferenceView | undefined]>

/** Samples beside profiles, for the kinds of monitors that need rows. Those of a reference are read once. */
export function createWindowSamples(events: EventsStore): WindowSamples {
  const kept = new WeakMap<ReferenceView, ReferenceView>()

  async function ofReference(project: string, reference: ReferenceView | undefined) {
    if (!reference?.rows) return reference
    let found = kept.get(reference)
    if (!found) {
      const { when, ...rows } = reference.rows
      // of some hours alone: enough rows of them are wanted too
      const sample = await loadSample(events, { project, ...rows, most: when ? 5 * MOST : MOST })
      found = { ...reference, sample: when ? sample.filter((row) => when(row.hour)).slice(0, MOST) : sample }
      kept.set(reference, found)
    }
    return found
  }

  return async ({ project, endpoint }, window, reference) => {
    const { revision, start, end } = window
    const [sample, withRows] = await Promise.all([
      loadSample(events, { project, scope: `endpoint/${endpoint}`, revision, from: start, to: end, most: MOST }),
      ofReference(project, reference),
    ])
    return [{ ...window, sample }, withRows]
  }
}
