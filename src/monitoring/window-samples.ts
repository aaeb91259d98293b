import type { ReferenceView, WindowView } from '../contracts/monitor-kind.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { loadSample, loadSampleParts, mergeSampleParts } from './samples.ts'
import { segmentTest } from './segment-condition.ts'
import type { EndpointKey } from './stale.ts'
import type { Bounds } from './windows/window-bounds.ts'

/** Rows of a window, and of a reference, that a sample holds at most. */
const MOST = 2000

/** Adds samples of the rows to the views of a window and of its reference. */
export type AddSamples = (
  window: WindowView,
  reference: ReferenceView | undefined,
) => Promise<[window: WindowView, reference: ReferenceView | undefined]>

/** Reads the samples of a revision's windows at once. */
export type WindowSamples = (key: EndpointKey, revision: number, windows: readonly Bounds[]) => Promise<AddSamples>

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

  return async ({ project, endpoint }, revision, windows) => {
    // windows that slide share the stretches between their bounds
    const starts = [...new Set(windows.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b)
    const within = ({ start, end }: Bounds) => starts.filter((at) => at >= start && at < end).length
    const fewest = windows.reduce((least, window) => Math.min(least, within(window)), Infinity)
    const parts = await loadSampleParts(events, {
      project,
      scope: `endpoint/${endpoint}`,
      revision,
      starts,
      most: Math.min(MOST, Math.ceil((2 * MOST) / Math.max(1, Math.min(fewest, MOST)))),
    })
    return async (window, reference) => {
      const own = parts.filter(({ start }) => start >= window.start && start < window.end)
      return [{ ...window, sample: mergeSampleParts(own, MOST) }, await ofReference(project, reference)]
    }
  }
}

/** The same, of a segment's rows alone. */
export function samplesOfSegment(add: AddSamples, segment: string): AddSamples {
  if (segment === '') return add
  const belongs = segmentTest(segment)
  const narrowed = <T extends WindowView | ReferenceView | undefined>(view: T): T =>
    view?.sample ? { ...view, sample: view.sample.filter(belongs) } : view
  return async (window, reference) => {
    const [own, held] = await add(window, reference)
    return [narrowed(own), narrowed(held)]
  }
}
