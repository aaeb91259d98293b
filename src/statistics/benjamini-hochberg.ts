/**
 * Which of a family's hypotheses to reject so that the expected share of false ones among the rejected is at most
 * `rate` (Benjamini & Hochberg 1995), with adjusted p-values in the order given. NaN is never rejected and not counted.
 */
export function benjaminiHochberg(p: readonly number[], rate: number): { rejected: boolean[]; adjusted: number[] } {
  const order = p
    .map((_, i) => i)
    .filter((i) => !Number.isNaN(p[i]!))
    .sort((a, b) => p[b]! - p[a]!)
  const adjusted = new Array<number>(p.length).fill(Number.NaN)
  let smallest = 1
  order.forEach((i, k) => {
    smallest = Math.min(smallest, (p[i]! * order.length) / (order.length - k))
    adjusted[i] = smallest
  })
  return { adjusted, rejected: adjusted.map((a) => a <= rate) }
}
