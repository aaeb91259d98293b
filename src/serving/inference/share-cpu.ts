import type { RevisionCounters } from '../revision-counters.ts'

/**
 * Divides the processor time of this process among revisions, by how long their models were busy since the last call.
 * `others` is what models worked for nobody's account; time in which no model worked is nobody's.
 */
export function createCpuShares(cpuTime: () => number) {
  let before = cpuTime()
  let othersBefore = 0
  const seen = new WeakMap<RevisionCounters, number>()

  return (revisions: Iterable<RevisionCounters>, others: number): void => {
    const now = cpuTime()
    const used = now - before
    before = now
    const worked = [...revisions].flatMap((counters) => {
      const busy = counters.live.busy + counters.shadow.busy
      const since = busy - (seen.get(counters) ?? 0)
      seen.set(counters, busy)
      return since > 0 ? [{ counters, since }] : []
    })
    const all = worked.reduce((sum, { since }) => sum + since, others - othersBefore)
    othersBefore = others
    for (const { counters, since } of worked) counters.cpu += (used * since) / all
  }
}
