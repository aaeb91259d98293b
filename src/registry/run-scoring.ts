import { type AsideOptions, runAside } from './run-aside.ts'
import type { ScoringRequest, ScoringResult } from './scoring.ts'

/** Scores in a process of its own. Errors: the scoring's own; `unavailable` when the process dies. */
export const runScoring = (request: ScoringRequest, options: AsideOptions): Promise<ScoringResult> =>
  runAside('score-process', 'scores for the gate', request, options)
