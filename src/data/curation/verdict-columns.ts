import type { Verdict } from '../../contracts/curation.ts'

/** Why rows left, by the number that the SQL gives them; 0 is: did not leave. */
export interface NamedVerdict {
  step: number
  operation: string
  action: 'quarantine' | 'remove'
  reason: string
}

/** A verdict as the SQL of a step knows it. */
export type NumberedVerdict = Omit<Verdict, 'action' | 'reason'> & { number: number }

/** The first that applies wins; a row that has left already keeps its verdict. */
export function verdictColumns(verdicts: NumberedVerdict[], alias: string | undefined): string[] {
  const before = alias ? [`${alias}.__verdict != 0`, `${alias}.__verdict`] : []
  const beforeValue = alias ? [`${alias}.__verdict != 0`, `${alias}.__value`] : []
  if (verdicts.length === 0)
    return alias
      ? [`${alias}.__verdict AS __verdict`, `${alias}.__value AS __value`]
      : ['toUInt16(0) AS __verdict', "CAST(NULL, 'Nullable(String)') AS __value"]
  const branches = verdicts.flatMap(({ when, number }) => [`ifNull(${when}, false)`, `toUInt16(${number})`])
  const values = verdicts.flatMap(({ when, value }) => [
    `ifNull(${when}, false)`,
    value
      ? `CAST(leftUTF8(toValidUTF8(toString(${value})), 200), 'Nullable(String)')`
      : "CAST(NULL, 'Nullable(String)')",
  ])
  return [
    `multiIf(${[...before, ...branches, 'toUInt16(0)'].join(', ')}) AS __verdict`,
    `multiIf(${[...beforeValue, ...values, "CAST(NULL, 'Nullable(String)')"].join(', ')}) AS __value`,
  ]
}
