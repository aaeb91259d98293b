/** Counts as shares of their sum. All zeros stay zeros. */
export function shares(counts: readonly number[]): number[] {
  const n = total(counts)
  return counts.map((c) => (n > 0 ? c / n : 0))
}

/** The sum of counts. */
export const total = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0)
