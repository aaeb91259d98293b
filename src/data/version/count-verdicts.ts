import { ofPosition, type Pipeline } from '../curation/compile-curation.ts'
import type { QuarantineReason, VersionCounts } from './dataset-version.ts'

export interface Tally {
  /** the step that added the rows; 0 for the source */
  __origin: number
  /** 1 for repeated rows */
  __copy: number
  __verdict: number
  __n: number
}

/** Counts judged rows; the names are none that a column can have. */
export const tallySql = (rows: string): string =>
  `SELECT ${ofPosition.step('__row')} AS __origin, toUInt8(${ofPosition.isCopy('__row')}) AS __copy, __verdict, count() AS __n FROM ${rows} GROUP BY __origin, __copy, __verdict ORDER BY __verdict`

/** How many rows came and went at each step: read + added = kept + quarantined + removed. */
export function countVerdicts(
  tally: readonly Tally[],
  { verdicts, layers, repeats }: Pick<Pipeline, 'verdicts' | 'layers' | 'repeats'>,
): { counts: VersionCounts; reasons: QuarantineReason[] } {
  const steps = layers.map(({ operation }, step) => ({ step, operation, added: 0, quarantined: 0, removed: 0 }))
  const counts: VersionCounts = { read: 0, added: 0, kept: 0, quarantined: 0, removed: 0, steps }
  const reasons = new Map<number, QuarantineReason>()
  for (const { __origin: origin, __copy: copy, __verdict: verdict, __n: n } of tally) {
    const from = copy ? repeats! : origin
    if (from === 0) counts.read += n
    else {
      counts.added += n
      steps[from]!.added += n
    }
    const named = verdicts[verdict]
    if (!named) {
      counts.kept += n
      continue
    }
    const left = named.action === 'remove' ? 'removed' : 'quarantined'
    counts[left] += n
    steps[named.step]![left] += n
    if (named.action === 'remove') continue
    const reason = reasons.get(verdict)
    if (reason) reason.rows += n
    else reasons.set(verdict, { step: named.step, operation: named.operation, reason: named.reason, rows: n })
  }
  return { counts, reasons: [...reasons.values()].sort((a, b) => b.rows - a.rows || a.step - b.step) }
}

/** Rows in and out of each step, by what came and went. */
export function stepFlow(counts: VersionCounts): { step: number; operation: string; in: number; out: number }[] {
  let rows = counts.read
  return counts.steps.map(({ step, operation, added, quarantined, removed }) => {
    const before = rows
    rows = rows + (added ?? 0) - quarantined - removed
    return { step, operation, in: before, out: rows }
  })
}
