import type { ReferenceView, Task } from '../../contracts/monitor-kind.ts'
import { estimatedPerformance } from '../../statistics/estimated-performance.ts'
import type { Slice } from '../../statistics/slice.ts'
import type { Estimate, Measured } from '../../statistics/too-few-samples.ts'

export const estimation: Record<Task, string> = {
  binary:
    'CBPE: expected under calibrated scores, with the sampling spread of the realised value; blind to a change of what scores mean',
  multiclass: 'M-CBPE: expected under calibrated confidence; blind to a change of what scores mean',
  regression: 'DLE: the loss that the reference’s rows like these had; blind to a change of what inputs mean',
}

const estimate = (measured: Measured<Estimate>): Estimate | null =>
  measured.ok ? { value: measured.value, low: measured.low, high: measured.high, n: measured.n } : null

/** What the scores alone let expect. */
export function estimatedMetrics(
  slice: Slice,
  _reference: ReferenceView | undefined,
  task: Task,
  threshold: number,
): Record<string, Estimate | null> {
  const scores = slice.features.get('$score')?.sketch
  if (task !== 'binary' || !scores) return {}
  const found = estimatedPerformance(scores, threshold)
  return {
    log_loss: estimate(found.logLoss),
    brier: estimate(found.brier),
    auc: estimate(found.auc),
    accuracy: estimate(found.accuracy),
  }
}
