import type { MonitorScore, ScoreState } from '../../contracts/monitor-kind.ts'

/** A monitor (of a feature) over time; arrays stand in the order of windows. */
export interface ScoreRow {
  monitor: string
  title: string
  unit: string
  feature: string
  segment: string
  type: 'numeric' | 'categorical' | ''
  value: (number | null)[]
  low: (number | null)[]
  high: (number | null)[]
  thresholdLow: (number | null)[]
  thresholdHigh: (number | null)[]
  samples: (number | null)[]
  p: (number | null)[]
  state: (ScoreState | null)[]
  definition: Record<string, unknown>
}

const finite = (x: number | null): number | null => (x !== null && Number.isFinite(x) ? x : null)

/** A row without a score yet. */
export function emptyRow(of: { monitor: string; feature: string; segment: string }, windows: number): ScoreRow {
  const nothing = () => new Array<null>(windows).fill(null)
  return {
    monitor: of.monitor,
    title: of.monitor,
    unit: '',
    feature: of.feature,
    segment: of.segment,
    type: '',
    value: nothing(),
    low: nothing(),
    high: nothing(),
    thresholdLow: nothing(),
    thresholdHigh: nothing(),
    samples: nothing(),
    p: nothing(),
    state: nothing(),
    definition: {},
  }
}

/** Puts a score into its window; its definition becomes the row's. */
export function put(row: ScoreRow, i: number, score: Omit<MonitorScore, 'monitor' | 'feature' | 'segment'>): void {
  row.value[i] = finite(score.value)
  row.low[i] = finite(score.low)
  row.high[i] = finite(score.high)
  row.thresholdLow[i] = finite(score.thresholdLow)
  row.thresholdHigh[i] = finite(score.thresholdHigh)
  row.samples[i] = score.samples
  row.p[i] = finite(score.p)
  row.state[i] = score.state
  row.definition = score.definition
  const { type } = score.definition
  if (type === 'numeric' || type === 'categorical') row.type = type
}
