import type { Column } from '../../contracts/model-runtime.ts'
import type { RecordedOrigin } from '../recorded-rows.ts'
import type { PersonalColumns } from '../routing.ts'
import { createRowsEncoder, type EncodeRows } from './encode-rows.ts'
import { createIdMask } from './mask-ids.ts'

/**
 * An encoder that writes personal columns masked: a pseudonym in place of each value, or without the column; ids do not tell
 * their values either. What is missing stays missing. `features` are those of the columns that it will be given.
 */
export function createMaskedEncoder(
  origin: RecordedOrigin,
  personal: PersonalColumns,
  pseudonym: (value: string | number) => string,
): EncodeRows {
  const names = origin.features.map(([name]) => name)
  const maskIds = createIdMask(names, personal, pseudonym)
  if (!maskIds) return createRowsEncoder(origin)
  const kept = origin.features.flatMap(([name, number], at) => {
    const how = Object.hasOwn(personal, name) ? personal[name] : undefined
    return how === 'drop' ? [] : [{ name, number, at, hash: how === 'hash' }]
  })
  const encode = createRowsEncoder({
    ...origin,
    features: kept.map(({ name, number, hash }): [string, 0 | 1] => [name, hash ? 0 : number]),
  })
  const hashed = (column: Column) =>
    Array.from(column as ArrayLike<string | number>, (value) =>
      value === '' || value === undefined || Number.isNaN(value) ? '' : pseudonym(value),
    )
  return (answered, columns) =>
    encode(
      { ...answered, ids: maskIds(answered.ids, columns) },
      kept.map(({ at, hash }) => (hash ? hashed(columns[at]!) : columns[at]!)),
    )
}
