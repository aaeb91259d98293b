const prior = 0.5

export interface CorrelationCounts {
  joint: number
  first: number
  second: number
  total: number
}

/**
 * Normalised pointwise mutual information of two events, in [-1, 1], plain and smoothed by Jeffreys' prior; NaN where it
 * is not defined. Bouma, "Normalized (Pointwise) Mutual Information in Collocation Extraction" (2009).
 */
export function correlation({ joint, first, second, total }: CorrelationCounts): { npmi: number; smoothed: number } {
  const cells = [joint, first - joint, second - joint, total - first - second + joint] as const
  if (total <= 0 || first === 0 || second === 0 || Math.min(...cells) < 0)
    return { npmi: Number.NaN, smoothed: Number.NaN }
  return { npmi: joint === 0 ? -1 : npmi(cells, 0), smoothed: npmi(cells, prior) }
}

function npmi([both, onlyFirst, onlySecond, neither]: readonly [number, number, number, number], smoothing: number) {
  if (onlyFirst === 0 && onlySecond === 0 && neither === 0) return 1
  const n11 = both + smoothing
  const n1 = n11 + onlyFirst + smoothing
  const n2 = n11 + onlySecond + smoothing
  const n = n1 + onlySecond + neither + 2 * smoothing
  const mutual = Math.log(n11) + Math.log(n) - Math.log(n1) - Math.log(n2)
  return Math.max(-1, Math.min(1, mutual / (Math.log(n) - Math.log(n11))))
}
