import type { ReferenceView, WindowView } from '../../contracts/monitor-kind.ts'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import { createMemory } from '../../statistics/memory.ts'
import { mergeSlices, noSlice } from '../../statistics/slice.ts'
import { type DaySlice, loadDaySlices, loadPartSlices } from '../day-slices.ts'
import { day, dayText } from '../event-day.ts'
import type { Reference, References } from '../reference.ts'
import type { SettingsStore } from '../settings-store.ts'
import type { EndpointKey } from '../stale.ts'
import { readHourRows, trafficWeights } from '../traffic-share.ts'
import type { DescribeEndpoint, WatchedRevision } from '../watched-revision.ts'
import { ownReference, taskOf } from '../window-view.ts'
import { referenceView, seasonalReference, stretchReference, weekdayReference } from './reference-view.ts'
import type { ViewRequest } from './view-request.ts'
import { type Bounds, planWindows } from './window-bounds.ts'
import { windowText } from './window-spec.ts'

export interface ViewDefinition {
  revision: number
  window: string
  step: string
  zone: string
  reference: string | null
  source: 'stored' | 'computed'
}

export interface ViewWindows {
  definition: ViewDefinition
  /** in order; `reference` as each is held against */
  windows: { view: WindowView; reference: ReferenceView | undefined }[]
  /** the revision's own reference, whatever the windows are held against */
  training: ReferenceView | undefined
  known: WatchedRevision | undefined
  /** probability from which a binary score counts as positive */
  threshold: number
}

export interface ViewDependencies {
  environment: Pick<Environment, 'store' | 'events'>
  describe: DescribeEndpoint
  references: References
  settings: SettingsStore
}

const USUAL = 30
const MOST_WINDOWS = 1000
const EVER = 4_102_444_800_000

/** What of a slice a view needs; everything when absent. */
export type Needs = Pick<Parameters<typeof loadPartSlices>[1], 'features' | 'wholeOnly' | 'profilesOnly'>

const seasons = createMemory<Reference, ReferenceView | false>()

/** Windows of any kind with what they are held against, merged from profiles: raw rows are not read. */
export async function viewWindows(
  { environment, describe, references, settings: store }: ViewDependencies,
  key: EndpointKey,
  request: ViewRequest,
  needs: Needs = {},
): Promise<ViewWindows> {
  const { events } = environment
  const scope = `endpoint/${key.endpoint}`
  const of = { project: key.project, scope, ...needs }
  const endpoint = await environment.store.read
    .selectFrom('monitored_endpoints')
    .select(['first_prediction', 'last_prediction', 'last_actual'])
    .where('project', '=', key.project)
    .where('name', '=', key.endpoint)
    .executeTakeFirst()
  const [watched, settings] = await Promise.all([describe(key), store.of(key)])
  const first = Number(endpoint?.first_prediction ?? 0)
  // behind the last prediction, so that the newest window is there though it is not over
  const to = Math.min(request.to ?? EVER, Number(endpoint?.last_prediction ?? 0) + day)
  const asked = request.from !== undefined
  const from = Math.max(request.from ?? 0, first)
  const hours = await readHourRows(events, { project: key.project, scope, from: 0, to: EVER })
  const revision = request.revision ?? hours.filter((h) => h.live > 0).reduce((r, h) => Math.max(r, h.revision), 0)
  const plan = planWindows(request.spec, {
    from,
    to,
    most: asked ? MOST_WINDOWS : USUAL,
    rows: hours
      .filter((h) => h.revision === revision && h.hour >= from && h.hour < to)
      .map(({ hour, rows }) => ({ hour, rows })),
  })
  const known = watched.revisions.find((r) => r.revision === revision)
  const parts = await loadPartSlices(events, { ...of, revision }, plan.parts)
  const starts = plan.parts
  const partOf = (hour: number) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= hour) low = middle
      else high = middle - 1
    }
    return starts[low]!
  }
  const weight = trafficWeights(
    hours.filter((h) => h.hour >= (starts[0] ?? 0) && h.hour < (starts.at(-1) ?? 0)),
    partOf,
  )
  const lastActual = Number(endpoint?.last_actual ?? 0)
  const training =
    (known && (await references.of(key.project, known, watched.threshold, settings.segments))) ??
    ownReference(
      await loadDaySlices(events, { ...of, revision, from: first, to: first + 366 * day }),
      revision,
      key.endpoint,
      (plan.windows[0]?.start ?? 0) + day,
    )
  const referenceOf = await referenceFor(request, plan.windows, parts, training)

  async function referenceFor(
    { against }: ViewRequest,
    windows: readonly Bounds[],
    own: readonly DaySlice[],
    trained: ReferenceView | undefined,
  ): Promise<{ text: string | null; of(window: Bounds): ReferenceView | undefined }> {
    const shortest = windows.reduce((least, w) => Math.min(least, w.end - w.start), Infinity)
    if (against.kind === 'training') {
      const inSeason =
        shortest <= day && known && trained && 'segments' in trained
          ? await references.parts(key.project, known, shortest < day ? 'hour' : 'day')
          : undefined
      return {
        text: trained?.scope ?? null,
        of(window) {
          if (!inSeason || !trained) return trained
          const season = `${window.start % day}/${window.end - window.start}/${Math.floor(window.start / day) % 7}`
          const found = seasons(
            trained as Reference,
            season,
            () => seasonalReference(trained.scope, inSeason, window) ?? false,
          )
          return found || trained
        },
      }
    }
    if (against.kind === 'stretch') {
      const bounds = { start: against.from, end: against.to }
      const days = await loadDaySlices(events, {
        ...of,
        revision: against.revision,
        from: against.from,
        to: against.to,
      })
      const view = stretchReference(`revision ${against.revision}`, days, bounds)
      if (!view)
        throw new KedgeError('not_found', {
          kind: 'Stretch',
          name: `revision ${against.revision}, ${dayText(bounds.start)} to ${dayText(bounds.end)}`,
        })
      return { text: view.scope, of: () => view }
    }
    const back = against.kind === 'weekdays' ? against.weeks * 7 * day : against.kind === 'before' ? 1 : 0
    const others = windows.flatMap((w): Bounds[] => {
      if (against.kind === 'before') return [{ start: 2 * w.start - w.end, end: w.start }]
      if (against.kind === 'revision') return [w]
      return Array.from({ length: against.weeks }, (_, i) => ({
        start: w.start - (i + 1) * 7 * day,
        end: w.end - (i + 1) * 7 * day,
      }))
    })
    const cuts = [
      ...new Set([
        ...others.flatMap(({ start, end }) => [start, end]),
        ...others.flatMap(({ start, end }) =>
          Array.from({ length: Math.ceil((end - start) / day) }, (_, i) => start + i * day),
        ),
      ]),
    ]
      .filter((at) => at >= 0)
      .sort((a, b) => a - b)
    const before =
      back === 0 && against.kind !== 'revision'
        ? own
        : await loadPartSlices(
            events,
            { ...of, revision: against.kind === 'revision' ? against.revision : revision },
            cuts,
          )
    if (against.kind === 'weekdays')
      return {
        text: `the same weekday of the ${against.weeks} weeks before`,
        of: (window) => weekdayReference(scope, before, window, against.weeks),
      }
    if (against.kind === 'before')
      return {
        text: 'the window before',
        of: (w) =>
          referenceView(
            'the window before',
            before.filter((p) => p.day >= 2 * w.start - w.end && p.day < w.start).map((p) => p.slice),
          ),
      }
    return {
      text: `revision ${against.revision} in the same window`,
      of: (w) =>
        referenceView(
          `revision ${against.revision} in the same window`,
          before.filter((p) => p.day >= w.start && p.day < w.end).map((p) => p.slice),
        ),
    }
  }

  const windows = plan.windows.map((bounds) => {
    const inside = parts.filter((part) => part.day >= bounds.start && part.day < bounds.end && part.slice.rows > 0)
    const slice = inside.length === 0 ? noSlice : mergeSlices(inside.map((part) => part.slice))
    const { joined } = slice.performance
    const view: WindowView = {
      revision,
      ...bounds,
      days: inside.length,
      slice,
      parts: inside.map((part) => ({ slice: part.slice, weight: weight(revision, part.day) })),
      task: known?.task ?? taskOf(slice),
      actualsComplete: joined > 0 && (lastActual >= bounds.end || joined >= 0.99 * slice.rows),
    }
    return { view, reference: inside.length > 0 ? referenceOf.of(bounds) : undefined }
  })
  return {
    definition: { revision, ...windowText(request.spec), reference: referenceOf.text, source: 'computed' },
    windows,
    training,
    known,
    threshold: watched.threshold,
  }
}
