/** The types that a dataset's columns have. Every column may have missing values (null). Times and dates are UTC. */
export const columnTypes = ['int', 'float', 'text', 'bool', 'time', 'date'] as const
export type ColumnType = (typeof columnTypes)[number]

export interface Column {
  name: string
  type: ColumnType
}
