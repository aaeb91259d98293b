import type { ReferenceView, WindowView } from '../../contracts/monitor-kind.ts'
import type { Environment } from '../../environment.ts'
import { mergeSlices, noSlice } from '../../statistics/slice.ts'
import { type DaySlice, loadDaySlices, loadPartSlices, type SliceFilter } from '../day-slices.ts'
import { day } from '../event-day.ts'
import type { EndpointMonitorSettings } from '../monitor-settings.ts'
import type { References } from '../reference.ts'
import type { EndpointKey } from '../stale.ts'
import { readHourRows, trafficWeights } from '../traffic-share.ts'
import { unmaskedReference } from '../unmasked-reference.ts'
import type { WatchedEndpoint, WatchedRevision } from '../watched-revision.ts'
import { ownReference, taskOf } from '../window-view.ts'
import { chooseReference } from './choose-reference.ts'
import { referenceView, withRows } from './reference-view.ts'
import type { Against } from './view-request.ts'
import type { WindowPlan } from './window-bounds.ts'
import { trafficWeeks, windowTraffic } from './window-traffic.ts'

/** What of a slice is needed; everything when absent. */
export type Needs = Pick<SliceFilter, 'features' | 'wholeOnly' | 'group' | 'profilesOnly' | 'segment'>

export interface LoadRequest {
  plan: WindowPlan
  against: Against
  /** all that have rows when absent */
  revision?: number
  needs?: Needs
  watched: WatchedEndpoint
  settings: EndpointMonitorSettings
  /** event times of the endpoint's first and last prediction, and of its newest hour with an actual */
  first: number
  last: number
  lastActual: number | null
}

export interface RevisionWindows {
  revision: number
  known: WatchedRevision | undefined
  /** the revision's own reference, whatever windows are held against */
  training: ReferenceView | undefined
  /** for people: what windows are held against */
  against: string | null
  /** in the order of the plan; `days` is 0 in a window without rows */
  windows: { view: WindowView; reference: ReferenceView | undefined }[]
}

export interface LoadedWindows {
  parts: DaySlice[]
  revisions: RevisionWindows[]
}

/** Windows of an endpoint's revisions with what they are held against, merged from profiles: raw rows are not read. */
export async function loadWindows(
  { events, references }: Pick<Environment, 'events'> & { references: References },
  key: EndpointKey,
  { plan, against, revision: only, needs = {}, watched, settings, first, last, lastActual }: LoadRequest,
): Promise<LoadedWindows> {
  const scope = `endpoint/${key.endpoint}`
  const of = { project: key.project, scope, ...needs }
  const [from, to] = [plan.parts[0] ?? 0, plan.parts.at(-1) ?? 0]
  const [parts, hours] = await Promise.all([
    loadPartSlices(events, { ...of, ...(only === undefined ? {} : { revision: only }) }, plan.parts),
    readHourRows(events, { project: key.project, scope, from: from - trafficWeeks * 7 * day, to }),
  ])
  const weight = trafficWeights(
    hours.filter(({ hour }) => hour >= from),
    (hour) => partOf(plan.parts, hour),
  )
  const traffic = windowTraffic(hours, { first, last })
  let early: DaySlice[] | undefined
  async function earlyDays(revision: number): Promise<DaySlice[]> {
    early ??= await loadDaySlices(events, { ...of, from: first, to: first + 366 * day })
    return early.filter((found) => found.revision === revision)
  }

  async function ofRevision(revision: number): Promise<RevisionWindows> {
    const known = watched.revisions.find((r) => r.revision === revision)
    const own = parts.filter((part) => part.revision === revision)
    const whole = known && (await references.of(key.project, known, watched.threshold, settings.segments))
    const declared = whole && needs.segment ? await ofSegment(events, key.project, whole, needs.segment) : whole
    const trained = declared && unmaskedReference(declared, watched.masked)
    const days = trained ? [] : await earlyDays(revision)
    const ownReferences = new Map<number, ReferenceView | undefined>()
    const training = (start: number) => {
      if (trained) return trained
      const before = days.filter((found) => found.day < start).length
      if (!ownReferences.has(before)) {
        const view = ownReference(days, revision, key.endpoint, start)
        ownReferences.set(before, view && unmaskedReference(view, watched.masked))
      }
      return ownReferences.get(before)
    }
    const held = await chooseReference(
      { events, references },
      { project: key.project, against, windows: plan.windows, slices: of, revision, known, trained, training },
    )
    return {
      revision,
      known,
      // a stretch that begins before there are days enough is held against those that it begins with
      training: training(plan.windows.at(-1)?.start ?? 0) ?? training(plan.windows.at(-1)?.end ?? 0),
      against: held.text,
      windows: plan.windows.map((bounds) => {
        const inside = own.filter((part) => part.day >= bounds.start && part.day < bounds.end && part.slice.rows > 0)
        const slice = inside.length === 0 ? noSlice : mergeSlices(inside.map((part) => part.slice))
        const { joined } = slice.performance
        const ofEndpoint = traffic(bounds)
        const view: WindowView = {
          revision,
          ...bounds,
          days: inside.length,
          slice,
          parts: inside.map((part) => ({ slice: part.slice, weight: weight(revision, part.day) })),
          task: known?.task ?? taskOf(slice),
          threshold: watched.threshold,
          // a segment has no traffic of its own
          ...(ofEndpoint && !needs.segment ? { traffic: ofEndpoint } : {}),
          // the truth of a later hour is known, or nearly all of this window's
          actualsComplete: joined > 0 && ((lastActual ?? 0) >= bounds.end || joined >= 0.99 * slice.rows),
        }
        return { view, reference: inside.length > 0 ? held.of(bounds) : undefined }
      }),
    }
  }

  const found = only === undefined ? [...new Set(parts.map((part) => part.revision))] : [only]
  return { parts, revisions: await Promise.all(found.map(ofRevision)) }
}

const EVER = 4_102_444_800_000
const segments = new WeakMap<ReferenceView, Map<string, Promise<ReferenceView | undefined>>>()

/** A model's reference, of one segment alone; undefined when it has no such rows. */
function ofSegment(
  events: Environment['events'],
  project: string,
  reference: ReferenceView,
  segment: NonNullable<SliceFilter['segment']>,
): Promise<ReferenceView | undefined> {
  const { scope, rows } = reference
  const kept = segments.get(reference) ?? new Map<string, Promise<ReferenceView | undefined>>()
  segments.set(reference, kept)
  const key = JSON.stringify(segment)
  const found =
    kept.get(key) ??
    loadDaySlices(events, { project, scope, from: 0, to: EVER, segment }).then((days) => {
      const slices = days.sort((a, b) => a.day - b.day).map(({ slice }) => slice)
      const view = referenceView(scope, slices)
      return rows ? withRows(view, rows) : view
    })
  kept.set(key, found)
  found.catch(() => kept.delete(key))
  return found
}

/** The part that holds an hour: the last that starts at or before it. */
function partOf(starts: readonly number[], hour: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle]! <= hour) low = middle
    else high = middle - 1
  }
  return starts[low] ?? hour
}
