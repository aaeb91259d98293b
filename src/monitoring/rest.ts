import { setTimeout as pause } from 'node:timers/promises'

/** Milliseconds that a computation may take without a rest after it, and that a rest takes at most. */
const SHORT = 500
const LONGEST = 3000

/**
 * While rows stream in, their hours are stale again as soon as they are computed. Computing them without a pause would take
 * the machine from what brings the rows: after a long computation an endpoint rests for as long.
 */
export function createRest(clock: () => number = () => performance.now()) {
  const until = new Map<string, number>()
  const name = (project: string, endpoint: string) => `${project}/${endpoint}`
  return {
    /** Waits until the rest of an endpoint is over. Rejects when the signal aborts. */
    async before(project: string, endpoint: string, signal: AbortSignal): Promise<void> {
      const left = (until.get(name(project, endpoint)) ?? 0) - clock()
      until.delete(name(project, endpoint))
      if (left > 0) await pause(left, undefined, { signal })
    },
    /** Notes how long a computation took. */
    after(project: string, endpoint: string, milliseconds: number): void {
      if (milliseconds > SHORT) until.set(name(project, endpoint), clock() + Math.min(LONGEST, milliseconds))
    },
  }
}
