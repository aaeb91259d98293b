import type { MonitorScore, MonitorSettings } from './monitor-kind.ts'

/** The score judged by the limit that the settings fix for its monitor; undefined where they fix none. */
export function byFixedLimit(
  score: Omit<MonitorScore, 'state'> & { value: number },
  { limits }: Pick<MonitorSettings, 'limits'>,
): MonitorScore | undefined {
  const fixed = limits[score.monitor]
  if (!fixed) return undefined
  return {
    ...score,
    thresholdLow: fixed.low ?? null,
    thresholdHigh: fixed.high ?? null,
    state: score.value > (fixed.high ?? Infinity) || score.value < (fixed.low ?? -Infinity) ? 'violation' : 'ok',
    definition: { ...score.definition, threshold: { method: 'fixed in the settings' } },
  }
}
