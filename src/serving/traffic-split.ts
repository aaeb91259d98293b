import { allTraffic } from './routing.ts'

/** FNV-1a over UTF-16 units with murmur's finalizer, so that ids that differ by their last digit spread. */
export function hashText(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A uniform place in 0 … 9,999, the same for the same id. */
export const placeOf = (id: string, seed = 0): number => hashText(id, seed) % allTraffic

/**
 * Chooses by the id of the prediction, so that a repeated request meets the same revision. The newest revision has the
 * lowest places: as its share grows, whoever met it goes on meeting it. Undefined when there is no traffic.
 */
export function splitTraffic<T extends { number: number; traffic: number }>(
  revisions: readonly T[],
  seed = 0,
): (id: string) => T | undefined {
  const answering = revisions.filter((revision) => revision.traffic > 0).sort((a, b) => b.number - a.number)
  if (answering.length <= 1) return () => answering[0]
  let sum = 0
  const limits = answering.map((revision) => {
    sum += revision.traffic
    return sum
  })
  return (id) => {
    const place = (placeOf(id, seed) * sum) / allTraffic
    for (let i = 0; i < limits.length; i++) if (place < limits[i]!) return answering[i]
    return answering.at(-1)
  }
}
