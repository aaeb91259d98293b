/** A file whose rows are written as JSON Lines, which the events engine reads. */
export interface Conversion {
  /** kind of file */
  kind: string
  from: string
  /** the file that is written */
  to: string
  /** the kind's own settings, as they were declared */
  settings: unknown
}

/** What was found while a file was converted. */
export interface Converted {
  /** names in their order */
  columns: string[]
  /** for a declaration that does not say it */
  found: Record<string, string | number | boolean>
}

/** Keys beside the columns of a row: what is wrong with it, and what was found there. */
export const faultKey = '__fault'
export const foundKey = '__found'
