const CLIP = 2 ** -52

/** −ln of the probability that the score gave to what happened; scores are clipped to [2⁻⁵², 1 − 2⁻⁵²] as scikit-learn does. */
export function logLoss(score: number, actual: boolean): number {
  const p = Math.min(1 - CLIP, Math.max(CLIP, score))
  return actual ? -Math.log(p) : -Math.log1p(-p)
}
