import type { Column } from '../../contracts/model-runtime.ts'
import type { PersonalColumns } from '../routing.ts'

/** The ids of rows as they stand on record. `columns` are those of the features that the mask was made for. */
export type MaskIds = (ids: readonly string[], columns: readonly Column[]) => readonly string[]

/**
 * What keeps personal values out of ids: every id is a pseudonym where `$id` is personal; elsewhere one that is a value of a
 * personal column in the same request, alone or with the number of its row behind it. Undefined where nothing is personal.
 */
export function createIdMask(
  features: readonly string[],
  personal: PersonalColumns,
  pseudonym: (value: string) => string,
): MaskIds | undefined {
  if (Object.hasOwn(personal, '$id')) return (ids) => ids.map(pseudonym)
  const masked = features.flatMap((name, at) => (Object.hasOwn(personal, name) ? [at] : []))
  if (masked.length === 0) return undefined
  return (ids, columns) => {
    const values = new Set<string>()
    for (const at of masked) for (const value of columns[at] ?? []) values.add(String(value))
    return ids.map((id) => {
      if (values.has(id)) return pseudonym(id)
      const row = /\/\d+$/.exec(id)
      return row && values.has(id.slice(0, row.index)) ? pseudonym(id.slice(0, row.index)) + row[0] : id
    })
  }
}
