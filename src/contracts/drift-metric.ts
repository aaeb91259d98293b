import type { Measured } from '../statistics/too-few-samples.ts'

/** `vector`: sums of vectors, as `statistics/mean-vector.ts` has them, instead of counts over bins. */
export type FeatureType = 'numeric' | 'categorical' | 'vector'

/** A distance between two distributions, as counts over common bins that are fixed on the reference. */
export interface DriftMetric {
  /** as it is named in settings and stored with scores */
  name: string
  title: string
  /** formula, base and correction, in a line for people */
  definition: string
  types: readonly FeatureType[]
  /** 0 for equal shares, never negative; bins come in the order of the values for numeric features */
  measure(reference: readonly number[], current: readonly number[]): Measured<{ value: number }>
  /** Monotone, to the scale on which the noise of the value is near to normal, and back. */
  toScale(value: number): number
  fromScale(scaled: number): number
  /** the limit where the reference is too short to calibrate one */
  defaultLimit: number
}

/** Declares a drift metric; the default export of its file in `adapters/drift-metrics`. */
export const defineDriftMetric = (metric: DriftMetric): DriftMetric => metric
