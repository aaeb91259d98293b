import type { Score } from '../../api/types.ts'

/**
 * One score a window and feature. Of several revisions that predicted in it, the one that saw most of the traffic
 * counts, the newer where both saw all of it (the older is then a shadow).
 */
export function answeredScores(scores: readonly Score[], revision?: number): Score[] {
  const chosen = new Map<string, Score>()
  for (const score of scores) {
    if (score.segment !== '' || (revision !== undefined && score.revision !== revision)) continue
    const key = `${score.monitor}\0${score.feature}\0${score.windowEnd}`
    const other = chosen.get(key)
    if (
      !other ||
      score.samples > other.samples * 1.02 ||
      (score.samples >= other.samples * 0.98 && score.revision > other.revision)
    )
      chosen.set(key, score)
  }
  return [...chosen.values()].sort((a, b) => a.windowEnd - b.windowEnd)
}
