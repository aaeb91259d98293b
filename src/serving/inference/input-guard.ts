import type { Column, ModelDescription } from '../../contracts/model-runtime.ts'
import { type ErrorPlace, KedgeError } from '../../errors.ts'
import type { InputPolicy, InputProfile } from '../routing.ts'

/**
 * What is strange in each row, where the policy flags it; undefined where nothing is. Errors: `invalid_input` naming every
 * place (of at most 20) that the policy rejects.
 */
export type InputGuard = (
  columns: readonly Column[],
  rows: number,
  where: (row: number) => string,
) => (string[] | undefined)[] | undefined

const mostPlaces = 20

/** Holds inputs against what the model's reference has. Undefined where there is nothing to hold. A missing value is no strange one. */
export function createInputGuard(
  description: ModelDescription,
  profile: InputProfile | undefined,
  policy: InputPolicy,
): InputGuard | undefined {
  if (!profile) return undefined
  const checks = description.features.flatMap(({ name, type }, column) => {
    const known = profile[name]
    if (!known) return []
    const { minimum, maximum } = known
    if (type === 'number') {
      if (minimum === undefined || maximum === undefined) return []
      const strange = (value: number | string) => Number(value) < minimum || Number(value) > maximum
      const what = `is outside of ${minimum} to ${maximum}`
      return policy.ranges === 'pass' ? [] : [{ name, column, on: policy.ranges, strange, what }]
    }
    if (!known.categories || policy.unknownCategories === 'pass') return []
    const categories = new Set(known.categories)
    const strange = (value: number | string) => value !== '' && !categories.has(String(value))
    return [{ name, column, on: policy.unknownCategories, strange, what: 'is an unknown category' }]
  })
  if (checks.length === 0) return undefined

  return (columns, rows, where) => {
    let flags: (string[] | undefined)[] | undefined
    const places: ErrorPlace[] = []
    for (const { name, column, on, strange, what } of checks) {
      const values = columns[column]!
      for (let row = 0; row < rows; row++) {
        if (!strange(values[row]!)) continue
        if (on === 'flag') {
          flags ??= new Array(rows)
          flags[row] = [...(flags[row] ?? []), `${name} ${what}`]
        } else if (places.length < mostPlaces) places.push({ where: `${where(row)}.${name}`, what })
      }
    }
    if (places.length > 0)
      throw new KedgeError(
        'invalid_input',
        { what: places.map((place) => `${place.where} ${place.what}`).join('; ') },
        { places },
      )
    return flags
  }
}
