/**
 * Thins a curve for a plot: cut into even buckets, each keeps its first, lowest, highest and last value, so that no
 * extreme is lost. NaN values are kept as they break the line. Returns at most about `most` points, in order.
 */
export function thinPoints<Point extends { value: number }>(points: readonly Point[], most: number): Point[] {
  if (points.length <= most) return [...points]
  const buckets = Math.max(1, Math.floor(most / 4))
  const kept: Point[] = []
  for (let bucket = 0; bucket < buckets; bucket++) {
    const start = Math.floor((bucket * points.length) / buckets)
    const end = Math.floor(((bucket + 1) * points.length) / buckets)
    let low = start
    let high = start
    let gap = -1
    for (let i = start; i < end; i++) {
      const { value } = points[i]!
      if (Number.isNaN(value)) gap = i
      if (value < points[low]!.value || Number.isNaN(points[low]!.value)) low = i
      if (value > points[high]!.value || Number.isNaN(points[high]!.value)) high = i
    }
    const chosen = new Set([start, low, high, end - 1])
    if (gap >= 0) chosen.add(gap)
    for (const i of [...chosen].sort((a, b) => a - b)) kept.push(points[i]!)
  }
  return kept
}
