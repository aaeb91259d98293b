import type { Pgoutput } from 'pg-logical-replication'
import { cellParser, columnTypeOf, landedName } from './column-types.ts'

type Relation = Pgoutput.MessageRelation
type Tuple = Record<string, unknown>

/** One row of the history of a table. */
export interface ChangeRow {
  operation: 'insert' | 'update' | 'delete' | 'truncate'
  values: Tuple
  /** columns that the server did not send, because the update left their large values as they were */
  unchanged?: string[]
  /** it had another key before, under which these values have landed */
  moved?: boolean
}

/** The library's parsers make dates and numbers of what is to be landed as it is written. */
export function keepText(relation: Relation): void {
  for (const column of relation.columns) column.parser = cellParser(column.typeOid)
}

export const typesOf = (columns: readonly { name: string; oid: number }[]) =>
  Object.fromEntries(columns.map(({ name, oid }) => [landedName(name), columnTypeOf(oid)]))

/** The rows of a change; an update that moves a row to another key is a delete and an update. */
export function changeRows(
  message: Pgoutput.MessageInsert | Pgoutput.MessageUpdate | Pgoutput.MessageDelete,
  key: readonly string[],
): ChangeRow[] {
  if (message.tag === 'delete') return [{ operation: 'delete', values: landed(message.key ?? message.old ?? {}) }]
  const { tag: operation, new: found } = message
  const unchanged: string[] = []
  for (const name in found) if (found[name] === undefined) unchanged.push(landedName(name))
  const row: ChangeRow = { operation, values: landed(found), ...(unchanged.length > 0 ? { unchanged } : {}) }
  if (operation === 'insert') return [row]
  const before = message.key ?? message.old
  if (!before || !key.some((name) => before[name] !== found[name])) return [row]
  return [
    { operation: 'delete', values: landed(pick(before, key)) },
    { ...row, moved: true },
  ]
}

const pick = (tuple: Tuple, names: readonly string[]): Tuple =>
  Object.fromEntries(names.map((name) => [name, tuple[name]]))

/** Values by the names under which they land; without those that are unknown. */
function landed(tuple: Tuple): Tuple {
  const values: Tuple = {}
  for (const name in tuple) if (tuple[name] !== undefined) values[landedName(name)] = tuple[name]
  return values
}
