import { KedgeError } from '../errors.ts'

/**
 * The column and direction of one of MLflow's order clauses on plain attributes, such as `attributes.name DESC`.
 * `columns` are ours by MLflow's names. Errors: `invalid_input`, ended by `expected`.
 */
export function parseAttributeOrder<Column extends string>(
  clause: string,
  columns: Readonly<Record<string, Column>>,
  expected: string,
): { column: Column; descending: boolean } {
  const found = /^(?:attributes?\.)?[`"]?(\w+)[`"]?(?:\s+(ASC|DESC))?$/i.exec(clause.trim())
  const column = found && Object.hasOwn(columns, found[1]!) ? columns[found[1]!] : undefined
  if (!column) throw new KedgeError('invalid_input', { what: `Invalid order_by clause '${clause}': ${expected}` })
  return { column, descending: found![2]?.toUpperCase() === 'DESC' }
}
