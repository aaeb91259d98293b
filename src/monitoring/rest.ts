import type { EndpointKey } from './stale.ts'

/** Milliseconds that a computation may take without a rest after it, and that a rest takes at most. */
const SHORT = 500
const LONGEST = 3000

/**
 * While rows stream in, their hours are stale again as soon as they are computed. Computing them without a pause would take
 * the machine from what brings the rows: after a long computation an endpoint rests for as long. Rows that come at once, and
 * whoever waits for what they say, find no rest: only the second computation in a row whose hours are stale again brings one.
 */
export function createRest(clock: () => number = () => performance.now()) {
  const streaming = new Set<string>()
  const until = new Map<string, number>()
  const name = ({ project, endpoint }: EndpointKey) => `${project}/${endpoint}`
  return {
    /** Milliseconds that an endpoint still rests. */
    left: (key: EndpointKey): number => Math.max(0, (until.get(name(key)) ?? 0) - clock()),
    /** Notes how long a computation took, and whether its hours were stale again when it ended. */
    after(key: EndpointKey, milliseconds: number, isStale: boolean): void {
      const again = isStale && streaming.has(name(key))
      if (isStale) streaming.add(name(key))
      else streaming.delete(name(key))
      if (again && milliseconds > SHORT) until.set(name(key), clock() + Math.min(LONGEST, milliseconds))
      else until.delete(name(key))
    },
  }
}
