/** Ranks from 1, ties share their mean rank; and Σ (t³ − t) over the sizes t of the groups of ties. */
export function midranks(values: ArrayLike<number>): { ranks: Float64Array; ties: number } {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a]! - values[b]!)
  const ranks = new Float64Array(values.length)
  let ties = 0
  for (let start = 0; start < order.length; ) {
    let end = start
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++
    for (let k = start; k < end; k++) ranks[order[k]!] = (start + end + 1) / 2
    const t = end - start
    ties += t * t * t - t
    start = end
  }
  return { ranks, ties }
}
