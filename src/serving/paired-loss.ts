import type { PairedLoss } from '../contracts/release-analysis.ts'

/** Two revisions on the same rows whose truth has come, second − first with 95 % intervals; metrics by name. */
export interface RevisionDifferences {
  rows: number
  differences: Record<string, { difference: number; low: number; high: number } | null>
}

/** Reads the differences from where predictions are joined with the truth (monitoring depends on serving, not the other way). */
export type PerformanceSource = (
  key: { project: string; endpoint: string },
  first: number,
  second: number,
) => Promise<RevisionDifferences | undefined>

/** Losses, in the order in which they are preferred: what training minimises first. */
const losses = ['log_loss', 'brier', 'absolute_error', 'squared_error']
const quantile = 1.959964

/** The first loss that there is, with its standard error; undefined when there is none. */
export function pairedLossOf({ rows, differences }: RevisionDifferences): PairedLoss | undefined {
  for (const metric of losses) {
    const found = differences[metric]
    if (found)
      return { metric, rows, difference: found.difference, standardError: (found.high - found.low) / (2 * quantile) }
  }
  return undefined
}
