import { byFixedLimit } from '../../../contracts/fixed-limit.ts'
import type { MonitorScore, MonitorSettings } from '../../../contracts/monitor-kind.ts'

/** A score without limits, of all rows. */
export const blank = (monitor: string, feature: string, samples: number) => ({
  monitor,
  feature,
  segment: '',
  low: null,
  high: null,
  samples,
  thresholdLow: null,
  thresholdHigh: null,
  p: null,
})

/** A fixed limit of the settings goes before what the reference says. */
export const judged = (score: MonitorScore & { value: number }, settings: MonitorSettings): MonitorScore =>
  byFixedLimit(score, settings) ?? score
