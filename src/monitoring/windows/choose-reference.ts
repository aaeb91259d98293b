import type { ReferenceView } from '../../contracts/monitor-kind.ts'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import { createMemory } from '../../statistics/memory.ts'
import { type DaySlice, loadDaySlices, loadPartSlices } from '../day-slices.ts'
import { day, dayText } from '../event-day.ts'
import type { References } from '../reference.ts'
import type { WatchedRevision } from '../watched-revision.ts'
import { referenceView, seasonalReference, stretchReference, weekdayReference, withRows } from './reference-view.ts'
import type { Against } from './view-request.ts'
import type { Bounds } from './window-bounds.ts'

export interface ReferenceQuestion {
  project: string
  against: Against
  windows: readonly Bounds[]
  /** whose slices, and which of their features */
  slices: Omit<Parameters<typeof loadPartSlices>[1], 'revision'>
  revision: number
  known: WatchedRevision | undefined
  /** the model's own reference */
  trained: ReferenceView | undefined
  /** the same, or where there is none the revision's days before a time */
  training(start: number): ReferenceView | undefined
}

export interface ChosenReference {
  /** for people */
  text: string | null
  of(window: Bounds): ReferenceView | undefined
}

const seasons = createMemory<ReferenceView, ReferenceView | false>()

/** What each window is held against. Errors: `not_found` when a fixed stretch has no rows. */
export function chooseReference(
  stores: Pick<Environment, 'events'> & { references: References },
  question: ReferenceQuestion,
): Promise<ChosenReference> | ChosenReference {
  const { against } = question
  switch (against.kind) {
    case 'training':
      return ofTraining(stores, question)
    case 'stretch':
      return ofStretch(stores, question, against)
    case 'before':
      return shifted(stores, question, 'the window before', (w) => [{ start: 2 * w.start - w.end, end: w.start }])
    case 'revision':
      return shifted(
        stores,
        { ...question, revision: against.revision },
        `revision ${against.revision} in the same window`,
        (w) => [w],
      )
    case 'weekdays':
      return shifted(
        stores,
        question,
        `the same weekday of the ${against.weeks} weeks before`,
        (w) =>
          Array.from({ length: against.weeks }, (_, i) => ({
            start: w.start - (i + 1) * 7 * day,
            end: w.end - (i + 1) * 7 * day,
          })),
        (parts, w) => weekdayReference(question.slices.scope, parts, w, against.weeks),
      )
  }
}

/** Windows of at most a day are held against the reference in their season, where it has enough of it. */
async function ofTraining(
  { references }: { references: References },
  { project, windows, slices, known, trained, training }: ReferenceQuestion,
): Promise<ChosenReference> {
  const shortest = windows.reduce((least, w) => Math.min(least, w.end - w.start), Infinity)
  const parts =
    // of a segment there are too few rows for seasons
    shortest <= day && known && trained && !slices.segment
      ? await references.parts(project, known, shortest < day ? 'hour' : 'day')
      : undefined
  return {
    text: (trained ?? training(windows.at(-1)?.start ?? 0))?.scope ?? null,
    of(window) {
      if (!parts || !trained) return training(window.start)
      const season = `${window.start % day}/${window.end - window.start}/${Math.floor(window.start / day) % 7}`
      return seasons(trained, season, () => seasonalReference(trained, parts, window) ?? false) || trained
    },
  }
}

async function ofStretch(
  { events }: Pick<Environment, 'events'>,
  { slices }: ReferenceQuestion,
  { revision, from, to }: Extract<Against, { kind: 'stretch' }>,
): Promise<ChosenReference> {
  const days = await loadDaySlices(events, { ...slices, revision, from, to })
  const view = stretchReference(`revision ${revision}`, days, { start: from, end: to })
  if (!view)
    throw new KedgeError('not_found', {
      kind: 'Stretch',
      name: `revision ${revision}, ${dayText(from)} to ${dayText(to)}`,
    })
  const sampled = withRows(view, { scope: slices.scope, revision, from, to })
  return { text: view.scope, of: () => sampled }
}

/** Other windows of the endpoint, a part a day. */
async function shifted(
  { events }: Pick<Environment, 'events'>,
  { windows, slices, revision }: ReferenceQuestion,
  text: string,
  others: (window: Bounds) => Bounds[],
  view = (parts: readonly DaySlice[], window: Bounds) =>
    referenceView(
      text,
      others(window).flatMap(({ start, end }) =>
        parts.filter((part) => part.day >= start && part.day < end).map((part) => part.slice),
      ),
    ),
): Promise<ChosenReference> {
  const cuts = new Set<number>()
  for (const { start, end } of windows.flatMap(others)) {
    for (let at = start; at < end; at += day) cuts.add(at)
    cuts.add(end)
  }
  const starts = [...cuts].filter((at) => at >= 0).sort((a, b) => a - b)
  const parts = await loadPartSlices(events, { ...slices, revision }, starts)
  return {
    text,
    of(window) {
      const found = others(window)
      const [from, to] = [Math.min(...found.map((o) => o.start)), Math.max(...found.map((o) => o.end))]
      const when = (hour: number) => found.some(({ start, end }) => hour >= start && hour < end)
      return withRows(view(parts, window), { scope: slices.scope, revision, from, to, when })
    },
  }
}
