import { isDeepStrictEqual } from 'node:util'
import type { Column } from '../../contracts/column.ts'
import type { DatasetSpec, KeyedStep } from '../dataset-spec.ts'
import { millisecondsOf } from '../span.ts'

/** What is known of a dataset before and after a change; `columns` where they are known. */
export interface DatasetState {
  spec: DatasetSpec
  columns: readonly Column[] | undefined
}

/** Sentences on what readers lose by a change of a dataset: columns, types, promises, checks. */
export function breakingChanges(before: DatasetState, after: DatasetState): string[] {
  const found: string[] = []
  const [promised, promises] = [before.spec.contract, after.spec.contract]
  if (before.columns && after.columns) {
    const now = new Map(after.columns.map(({ name, type }) => [name, type]))
    for (const { name, type } of before.columns) {
      const to = now.get(name)
      if (to === undefined) found.push(`the column ${name} goes`)
      else if (to !== type) found.push(`${name} becomes ${to}; it was ${type}`)
    }
  }
  if (promised && !promises) found.push('the contract goes')
  if (promised && promises) {
    for (const [name, column] of Object.entries(promised.columns)) {
      const now = promises.columns[name]
      if (!now) found.push(`the contract no longer promises the column ${name}`)
      else {
        if (now.type !== column.type) found.push(`the contract promises ${name} as ${now.type}; it was ${column.type}`)
        if (column.required && !now.required) found.push(`${name} may be missing; it was promised in every row`)
        if (column.unique && !now.unique) found.push(`${name} may repeat; it was promised to be unique`)
        if (column.meaning !== undefined && now.meaning !== undefined && column.meaning !== now.meaning)
          found.push(`${name} means something else: "${now.meaning}"; it was "${column.meaning}"`)
      }
    }
    if (
      promised.freshness !== undefined &&
      (promises.freshness === undefined || millisecondsOf(promises.freshness) > millisecondsOf(promised.freshness))
    )
      found.push(`rows may be older: ${promises.freshness ?? 'of any age'}; it was ${promised.freshness}`)
  }
  if (before.spec.time !== undefined && after.spec.time !== before.spec.time)
    found.push(`the time column becomes ${after.spec.time ?? 'none'}; it was ${before.spec.time}`)
  // who has no contract has promised nothing about checks
  if (promised)
    for (const check of before.spec.expect.filter((step) => step.severity !== 'warn'))
      if (!after.spec.expect.some((one) => isDeepStrictEqual(bare(one), bare(check)) && one.severity !== 'warn'))
        found.push(`it is no longer checked: ${JSON.stringify(bare(check))}`)
  return found
}

const bare = ({ severity: _, ...step }: KeyedStep) => step
