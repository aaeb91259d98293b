/** About so many round numbers between two. */
export function niceTicks(low: number, high: number, about: number): number[] {
  if (!(high > low) || about < 1) return []
  const rough = (high - low) / about
  const size = 10 ** Math.floor(Math.log10(rough))
  const step = size * ([1, 2, 5, 10].find((factor) => factor * size >= rough) ?? 10)
  const first = Math.ceil(low / step)
  const count = Math.floor(high / step) - first + 1
  return Array.from({ length: Math.max(0, count) }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}
