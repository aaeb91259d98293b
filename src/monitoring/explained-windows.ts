import type { AttributedDay, Attributions } from '../contracts/monitor-kind.ts'
import { day as dayLength } from './event-day.ts'
import type { ExplainedDay, ExplanationStore } from './explanation-store.ts'
import type { EndpointKey } from './stale.ts'
import type { Bounds } from './windows/window-bounds.ts'

/** Explained days that windows are held against: as many as of anything else where there is no reference. */
const FIRST_DAYS = 28

export type LoadAttributions = (
  key: EndpointKey,
  revision: number,
  windows: readonly Bounds[],
) => Promise<(Attributions | undefined)[]>

/** What windows of a revision, and its first days, were explained by. Only days count that were explained as the newest was. */
export const createExplainedWindows =
  (store: Pick<ExplanationStore, 'days' | 'importance'>): LoadAttributions =>
  async (key, revision, windows) => {
    if (windows.length === 0) return []
    const scope = `endpoint/${key.endpoint}`
    const [from, to] = [Math.min(...windows.map((w) => w.start)), Math.max(...windows.map((w) => w.end))]
    const all = (await store.days(key.project, scope, { from: 0, to, revision })).filter(
      ({ state }) => state === 'explained',
    )
    const newest = all.at(-1)?.definition
    if (!newest) return windows.map(() => undefined)
    const alike = all.filter(
      ({ definition }) =>
        definition!.method === newest.method &&
        definition!.unit === newest.unit &&
        definition!.features.join() === newest.features.join(),
    )
    const first = alike.slice(0, FIRST_DAYS)
    const asked = alike.filter((one) => one.day >= from - dayLength || first.includes(one))
    const found = await attributedDays(store, key.project, scope, asked, newest.features)
    const inside = (days: readonly ExplainedDay[], is: (day: number) => boolean) =>
      days.filter(({ day }) => is(day)).flatMap(({ day }) => found.get(day) ?? [])
    return windows.map(({ start, end }) => {
      const days = inside(alike, (day) => day >= start && day < end)
      if (days.length === 0) return undefined
      const before = inside(first, (day) => day + dayLength <= start)
      return { features: newest.features, days, before, method: newest.method }
    })
  }

async function attributedDays(
  store: Pick<ExplanationStore, 'importance'>,
  project: string,
  scope: string,
  days: readonly ExplainedDay[],
  features: readonly string[],
): Promise<Map<number, AttributedDay>> {
  const sums = await store.importance(project, scope, days, '')
  return new Map(
    [...Map.groupBy(sums, ({ day }) => day)].map(([day, own]) => {
      const { rows, samples } = own[0]!
      const of = new Map(own.map(({ feature, sumAbs }) => [feature, sumAbs]))
      const means = features.map((feature) => (of.get(feature) ?? 0) / Math.max(1, samples))
      return [day, { day, rows, samples, means }]
    }),
  )
}
