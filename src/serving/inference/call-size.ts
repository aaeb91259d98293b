export interface CallSize {
  /** rows of one call at which a row costs about as little as it can; null when calls stay whole */
  best(): number | null
  /** rows that the next call may join while so many wait: now and then the next larger size, to see whether it is cheaper */
  next(waiting: number): number
  /** what a call really took */
  took(rows: number, milliseconds: number): void
}

const sizes = [1, 8, 32, 128, 1024]
/** a smaller size is taken when a row costs hardly more in it: whoever is answered with others waits for less */
const margin = 1.2
const weight = 0.2
/** of the calls that could be larger, one in so many is */
const trials = 16
/** no call is made larger than what is expected to take so long, in microseconds */
const longest = 1_000_000

/**
 * The size of the calls of a model: at first as measured when it was loaded, which may have been at a busy moment, then as
 * its calls go. `chunk` null: never more than one call.
 */
export function createCallSize(measured: Readonly<Record<string, number>> | null, chunk: number | null): CallSize {
  const perRow = new Map<number, number>()
  for (const [rows, cost] of Object.entries(measured ?? {})) perRow.set(Number(rows), cost / Number(rows))
  let current = chunk
  let larger = 0

  function choose(now: number) {
    // of which nothing is known is not compared
    if (!perRow.has(now)) return now
    const least = Math.min(...perRow.values())
    for (const size of sizes) {
      const cost = perRow.get(size)
      if (cost !== undefined && cost <= least * margin) return size
    }
    return now
  }

  return {
    best: () => current,
    next(waiting) {
      if (current === null) return 1
      const size = sizes[sizes.indexOf(current) + 1]
      const cost = perRow.get(current)
      if (size === undefined || cost === undefined || waiting < size || cost * size > longest) return current
      return ++larger % trials === 0 ? size : current
    },
    took(rows, milliseconds) {
      if (current === null) return
      // only calls that are about as large as a size tell of it
      const size = sizes.find((one) => rows <= one && rows > one * 0.75)
      if (size === undefined) return
      const cost = (milliseconds * 1000) / rows
      const before = perRow.get(size)
      perRow.set(size, before === undefined ? cost : before + weight * (cost - before))
      current = choose(current)
    },
  }
}
