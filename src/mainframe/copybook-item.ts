import type { Picture } from './picture.ts'

export type Usage =
  | 'display'
  | 'national'
  | 'double'
  | 'binary'
  | 'native binary'
  | 'short binary'
  | 'packed'
  | 'packed without sign'
  | 'float'
  | 'double float'
  | 'index'
  | 'pointer'

/** A level 88: the values that have a name. */
export interface Condition {
  name: string
  /** single values and ranges, as written; figurative constants by their name */
  values: { from: string; to?: string }[]
}

/** One entry of a copybook, as it is written. */
export interface CopybookItem {
  level: number
  /** undefined: FILLER */
  name?: string
  line: number
  redefines?: string
  occurs?: { least: number; most: number; dependingOn?: string }
  picture?: Picture & { text: string }
  usage?: Usage
  /** bytes that the usage has whatever the picture says */
  bytes?: number
  unsigned?: boolean
  sign?: { leading: boolean; separate: boolean }
  synchronized?: boolean
  renames?: { from: string; through?: string }
  conditions: Condition[]
  children: CopybookItem[]
}
