/** Said instead of a number when there is too little to compute it from. `of` names what was counted. */
export interface TooFewSamples {
  ok: false
  reason: 'too_few_samples'
  of: string
  needed: number
  had: number
}

/** A statistic's answer: its values, or that the samples do not suffice. */
export type Measured<T> = ({ ok: true } & T) | TooFewSamples

/** The answer of a statistic that was given `had` samples `of` something and needs at least `needed`. */
export const tooFewSamples = (of: string, needed: number, had: number): TooFewSamples => ({
  ok: false,
  reason: 'too_few_samples',
  of,
  needed,
  had,
})

/** A value with its two-sided interval at the stated confidence and the number of samples behind it. */
export interface Estimate {
  value: number
  low: number
  high: number
  n: number
}
