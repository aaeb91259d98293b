import type { PerformancePoint, Release } from '../../api/types.ts'

type Estimate = NonNullable<PerformancePoint['metrics'][string]>

export interface ChampionLine {
  /** end of each step, event time */
  x: number[]
  champion: (Estimate | null)[]
  /** which revision was the champion in each step */
  revisions: (number | null)[]
  never: (Estimate | null)[]
  first: number
  last: number
  /** start of the first step in which the last revision was the champion */
  since: number | undefined
  changes: { x: number; revision: number }[]
}

/**
 * The champion of each step: the newest revision that was released to every caller and predicted for most of the step.
 * The first revision, which goes on in shadow, is "never retrained".
 */
export function championLine(
  points: readonly PerformancePoint[],
  metric: string,
  releases: readonly Release[],
): ChampionLine {
  const released = new Set(releases.filter(({ state }) => state === 'finished').map(({ revision }) => revision))
  const first = Math.min(...points.map(({ revision }) => revision))
  const steps = [...Map.groupBy(points, ({ end }) => end)].sort(([a], [b]) => a - b)
  const line: ChampionLine = {
    x: [],
    champion: [],
    revisions: [],
    never: [],
    first,
    last: first,
    since: undefined,
    changes: [],
  }
  for (const [end, list] of steps) {
    const most = Math.max(...list.map(({ predictions }) => predictions))
    const champion = list
      .filter(
        (point) =>
          (point.revision === first || released.size === 0 || released.has(point.revision)) &&
          point.predictions >= most / 2,
      )
      .reduce<PerformancePoint | undefined>(
        (best, one) => (!best || one.revision > best.revision ? one : best),
        undefined,
      )
    const never = list.find(({ revision }) => revision === first)
    line.x.push(end)
    line.champion.push(champion?.metrics[metric] ?? null)
    line.revisions.push(champion?.revision ?? null)
    line.never.push(never?.metrics[metric] ?? null)
    if (champion && champion.revision > line.last) {
      line.last = champion.revision
      line.since = champion.start
      line.changes.push({ x: end, revision: champion.revision })
    }
  }
  return line
}
