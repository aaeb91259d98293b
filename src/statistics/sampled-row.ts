/** A row of a sample; what is missing is not in its maps. */
export interface SampledRow {
  /** uniform in [0, 1), always the same for a row: a sample is the rows below some chance */
  chance: number
  /** start of its hour, milliseconds since 1970 */
  hour: number
  numbers: Readonly<Record<string, number>>
  texts: Readonly<Record<string, string>>
  score: number | null
  label: string
  /** the actual as a number */
  truth: number | null
  /** the actual as text; empty while it is not known */
  outcome: string
}
