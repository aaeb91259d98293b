import type { Column, ColumnType } from '../../../contracts/column.ts'
import type { Document, DocumentValue } from './document.ts'

/** A column has the type that nearly all of its values have; the others are quarantined. */
const nearlyAll = 0.95
/** more fields than these are no columns */
const mostColumns = 1000
/** column with the fields that have none, as JSON */
export const otherColumn = '_other'

const textForms: { type: ColumnType; form: RegExp }[] = [
  { type: 'bool', form: /^(true|false)$/i },
  // a leading zero is part of a code, such as a postcode
  { type: 'int', form: /^[+-]?(0|[1-9]\d{0,17})$/ },
  { type: 'float', form: /^[+-]?(0|[1-9]\d*)?(\.\d*)?([eE][+-]?\d+)?$/ },
  { type: 'date', form: /^\d{4}-\d{2}-\d{2}$/ },
  { type: 'time', form: /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/ },
]

function typeOf(value: DocumentValue, { texts, doubles }: Pick<ColumnsInput, 'texts' | 'doubles'>): ColumnType {
  switch (typeof value) {
    case 'number':
      return !doubles && Number.isInteger(value) ? 'int' : 'float'
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? 'int' : 'text'
    case 'boolean':
      return 'bool'
    case 'string':
      return texts ? (textForms.find(({ form }) => value !== '' && form.test(value))?.type ?? 'text') : 'text'
    default:
      return value instanceof Date ? 'time' : 'text'
  }
}

/** The type that nearly all values have; whole numbers are floats too. */
function commonType(counts: ReadonlyMap<ColumnType, number>): ColumnType {
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const has = (...types: ColumnType[]) =>
    types.reduce((sum, type) => sum + (counts.get(type) ?? 0), 0) >= all * nearlyAll
  for (const type of ['bool', 'int', 'date', 'time'] as const) if (has(type)) return type
  if (has('int', 'float')) return 'float'
  return has('date', 'time') ? 'time' : 'text'
}

export interface ColumnsInput {
  sample: Iterable<Document>
  /** columns that every row has, first */
  own: readonly Column[]
  /** the declared columns, which are all besides `own` then */
  declared: Readonly<Record<string, ColumnType>> | undefined
  /** all values are texts, so that types are what they look like */
  texts: boolean
  /** numbers are floats, and whole ones are bigints */
  doubles?: boolean
}

/** The columns of documents that need not be alike: those that a sample has, with the types of their values. */
export function documentColumns({ sample, own, declared, ...values }: ColumnsInput): Column[] {
  const seen = new Map<string, Map<ColumnType, number>>()
  if (!declared)
    for (const document of sample)
      for (const [name, value] of Object.entries(document)) {
        if (value === null || name === otherColumn) continue
        const counts = seen.get(name) ?? new Map<ColumnType, number>()
        if (!seen.has(name) && seen.size >= mostColumns) continue
        seen.set(name, counts)
        const type = typeOf(value, values)
        counts.set(type, (counts.get(type) ?? 0) + 1)
      }
  const found = declared
    ? Object.entries(declared).map(([name, type]) => ({ name, type }))
    : [...seen].map(([name, counts]) => ({ name, type: commonType(counts) }))
  const typeOfOwn = ({ name, type }: Column) => ({ name, type: found.find((one) => one.name === name)?.type ?? type })
  return [
    ...own.map(typeOfOwn),
    ...found.filter(({ name }) => !own.some((one) => one.name === name)),
    { name: otherColumn, type: 'text' },
  ]
}
