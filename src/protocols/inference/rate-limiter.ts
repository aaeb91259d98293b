/** Lets each caller begin `count` requests at once, and as many in each `per` milliseconds. */
export interface Rate {
  count: number
  per: number
}

export interface RateLimiter {
  /** 0 when the caller may go on; otherwise the milliseconds after which it may come again. */
  take(caller: string, rate: Rate): number
}

/** callers of which is remembered what they took; the one that was not seen for longest is forgotten first */
const mostCallers = 10_000

/** Token buckets: a caller that was away has its whole count again. `clock` is in milliseconds. */
export function createRateLimiter(clock: () => number): RateLimiter {
  const buckets = new Map<string, { left: number; at: number }>()
  return {
    take(caller, { count, per }) {
      const now = clock()
      const bucket = buckets.get(caller)
      const passed = bucket ? Math.max(0, now - bucket.at) : 0
      const left = bucket ? Math.min(count, bucket.left + (passed * count) / per) : count
      buckets.delete(caller)
      if (buckets.size >= mostCallers) buckets.delete(buckets.keys().next().value!)
      buckets.set(caller, { left: left >= 1 ? left - 1 : left, at: now })
      return left >= 1 ? 0 : Math.ceil(((1 - left) * per) / count)
    },
  }
}
