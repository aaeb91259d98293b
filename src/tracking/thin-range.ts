/**
 * Which indices of [start, end) to draw: cut into even buckets, each keeps its first, lowest, highest and last value, so
 * that no extreme is lost, and one that is not a number, as it breaks the line. At most about `most`, rising.
 */
export function thinRange(valueAt: (index: number) => number, start: number, end: number, most: number): number[] {
  const count = end - start
  if (count <= most) return Array.from({ length: Math.max(0, count) }, (_, i) => start + i)
  const buckets = Math.max(1, Math.floor(most / 4))
  const kept: number[] = []
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = start + Math.floor((bucket * count) / buckets)
    const to = start + Math.floor(((bucket + 1) * count) / buckets)
    let low = -1
    let high = -1
    let gap = -1
    let least = Number.POSITIVE_INFINITY
    let greatest = Number.NEGATIVE_INFINITY
    for (let i = from; i < to; i++) {
      const value = valueAt(i)
      if (Number.isNaN(value)) gap = i
      if (value < least) {
        least = value
        low = i
      }
      if (value > greatest) {
        greatest = value
        high = i
      }
    }
    const chosen = new Set([from, to - 1, low, high, gap])
    chosen.delete(-1)
    for (const i of [...chosen].sort((a, b) => a - b)) kept.push(i)
  }
  return kept
}
