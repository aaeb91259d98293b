import { type FeatureProfile, mergeProfiles, type Slice } from '../../../statistics/slice.ts'

/** The profile of a feature over some days; undefined where none has it. */
export function profileOf(days: readonly Slice[], feature: string): FeatureProfile | undefined {
  const [first, ...others] = days.flatMap((day) => day.features.get(feature) ?? [])
  return first && mergeProfiles(first, ...others)
}

/** Days of a run of the reference: as many as the window has, where there are three such runs. */
export const runLength = (window: { days: number }, days: readonly Slice[]): number =>
  Math.max(1, Math.min(window.days, Math.floor(days.length / 3)))
