import type { Column, ModelDescription } from '../../contracts/model-runtime.ts'
import type { ErrorPlace } from '../../errors.ts'

/** Puts rows of features, as callers send them, into a model's columns. */
export interface RowReader {
  columns(rows: number): Column[]
  /** Fills row `at` of the columns; whatever does not fit the signature is added to `problems` under `where`. */
  read(features: unknown, columns: Column[], at: number, where: string, problems: ErrorPlace[]): void
}

const kindOf = (value: unknown) =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'an object'
        : `a ${typeof value}`

/**
 * Enforces a model's signature: every feature is there (null is a missing value), numbers are finite numbers, categories
 * are texts or whole numbers. Categories that training did not see pass; features that the model does not know too.
 */
export function createRowReader(description: ModelDescription): RowReader {
  const names = description.features.map((feature) => feature.name)
  const numeric = description.features.map((feature) => feature.type === 'number')
  return {
    columns: (rows) => numeric.map((isNumber) => (isNumber ? new Array<number>(rows) : new Array<string>(rows))),
    read(features, columns, at, where, problems) {
      if (typeof features !== 'object' || features === null || Array.isArray(features)) {
        problems.push({ where, what: `must be an object of features, is ${kindOf(features)}` })
        return
      }
      for (let i = 0; i < names.length; i++) {
        const name = names[i]!
        const value = (features as Record<string, unknown>)[name]
        if (value === undefined) problems.push({ where: `${where}.${name}`, what: 'is missing' })
        else if (numeric[i]) {
          if (typeof value === 'number' && Number.isFinite(value)) (columns[i] as number[])[at] = value
          else if (value === null) (columns[i] as number[])[at] = Number.NaN
          else problems.push({ where: `${where}.${name}`, what: `must be a finite number, is ${kindOf(value)}` })
        } else if (typeof value === 'string') (columns[i] as string[])[at] = value
        else if (value === null) (columns[i] as string[])[at] = ''
        else if (Number.isSafeInteger(value)) (columns[i] as string[])[at] = String(value)
        else problems.push({ where: `${where}.${name}`, what: `must be a text, is ${kindOf(value)}` })
      }
    },
  }
}
