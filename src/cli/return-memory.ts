export interface ReturnMemoryOptions {
  /** the part of the time, 0 to 1, in which this process did something since the last call */
  busy(): number
  /** bytes of memory that this process holds */
  resident(): number
  /** gives everything back that nobody uses; holds the process up for some tenths of a second */
  collect(): void
  every?: number
}

const quiet = 0.1
const growth = 48 * 2 ** 20

/**
 * After a load, once nothing has been asked for a while, gives the memory that it took back to the system: the engine would
 * keep it until the next load. Returns what stops it.
 */
export function returnMemory({ busy, resident, collect, every = 5000 }: ReturnMemoryOptions): () => void {
  let least = resident()
  let quietBefore = false
  const timer = setInterval(() => {
    const isQuiet = busy() < quiet
    const now = resident()
    least = Math.min(least, now)
    if (isQuiet && quietBefore && now - least > growth) {
      collect()
      least = resident()
    }
    quietBefore = isQuiet
  }, every)
  timer.unref()
  return () => clearInterval(timer)
}

/** What this process is and does, for `returnMemory`. */
export function memoryOfProcess(): Pick<ReturnMemoryOptions, 'busy' | 'resident'> {
  let before = performance.eventLoopUtilization()
  return {
    busy() {
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, before)
      before = now
      return utilization
    },
    resident: () => process.memoryUsage.rss(),
  }
}
