import type { MonitorKind } from '../contracts/monitor-kind.ts'
import { day } from './event-day.ts'
import { type EndpointMonitorSettings, windowOf } from './monitor-settings.ts'
import type { WindowSpec } from './windows/window-spec.ts'

/** The stretch that the promise of false alarms is about. */
const PROMISED_DAYS = 30

/**
 * Windows that slide overlap, and are right or wrong together: each of their lengths counts as so many windows apart. Of
 * windows of 7 days that slide by a day it would be four if their days had nothing in common and two where days are alike
 * (ρ 0.8); the families' own limits leave more than the rest (`bench/truth/false-alarms.ts`).
 */
const COUNTED_A_LENGTH = 2

/** As how many windows the 30 days count; of windows of so many rows, whose number nobody knows before, as many as days. */
export function windowsPromised(spec: WindowSpec): number {
  const stretch = PROMISED_DAYS * day
  if (spec.kind === 'rolling')
    return Math.max(1, Math.min(stretch / spec.step, (COUNTED_A_LENGTH * stretch) / spec.length))
  if (spec.kind === 'calendar') return { day: 30, week: 30 / 7, month: 1 }[spec.unit]
  return PROMISED_DAYS
}

/** The weights of all families that there are together, at most; a test adds them up. */
export const WEIGHTS = 1.5

/** A family that looks for smaller things may take more of the budget; the root, so that the others find something too. */
export const weightOf = ({ alpha }: Pick<MonitorKind, 'alpha'>): number => Math.sqrt(alpha)

/**
 * The settings with the chance at which each family may violate in a window without change, such that 30 days without change
 * raise an alert of any family in at most `false_alarms` of all cases: the families share it by their weights, and the windows
 * of 30 days share a family's part. Never above the family's own alpha; what the settings say of a family goes before.
 * `bench/truth/false-alarms.ts` tries how well the promise is kept.
 */
export function shareOutAlarms(
  settings: EndpointMonitorSettings,
  kinds: readonly Pick<MonitorKind, 'family' | 'alpha'>[],
): EndpointMonitorSettings {
  const windows = windowsPromised(windowOf(settings))
  const parts = kinds.map((kind): [string, number] => [
    kind.family,
    Math.min(kind.alpha, (settings.false_alarms * weightOf(kind)) / WEIGHTS / windows),
  ])
  return { ...settings, alpha: { ...Object.fromEntries(parts), ...settings.alpha } }
}
