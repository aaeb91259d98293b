/** Rows a second over the last ten seconds. */
export function createMeter(clock: () => number) {
  const span = 10
  const counts = new Map<number, number>()
  const second = () => Math.floor(clock() / 1000)
  const began = second()
  return {
    add(rows: number): void {
      const now = second()
      counts.set(now, (counts.get(now) ?? 0) + rows)
      for (const at of counts.keys()) if (at < now - span) counts.delete(at)
    },
    rate(): number {
      const now = second()
      let rows = 0
      // the second that runs is not over
      for (const [at, count] of counts) if (at >= now - span && at < now) rows += count
      return rows / Math.max(1, Math.min(span, now - began))
    },
  }
}
