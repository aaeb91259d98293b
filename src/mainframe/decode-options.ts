import type { DateForm, TimeForm } from './date-forms.ts'
import type { Trim } from './decode-text.ts'

/** What a column becomes where it is not what its picture says. */
export type ColumnForm =
  | 'int'
  | 'float'
  | 'text'
  | { date: DateForm; pivot?: number | undefined }
  | { time: TimeForm; pivot?: number | undefined }

/** When an item that shares its bytes with others is there. */
export type Rule = 'always' | 'never' | { when: string; is?: string | number | (string | number)[] | undefined }

export interface Segment {
  /** values of the segment's id */
  id: string[]
  /** the segment that it belongs to: its columns are filled in */
  under?: string | undefined
}

/** How the records of a copybook are read. Names are those of the copybook, in any case. */
export interface DecodeOptions {
  codePage: string
  /** COMP-1 and COMP-2 */
  floats: 'ibm' | 'ieee'
  /** byte order of COMP-5 and of IEEE floats */
  nativeOrder: 'big' | 'little'
  trim: Trim
  blankNumbers: 'null' | 'reject'
  decimalComma: boolean
  /** by the column's name */
  columns: Record<string, ColumnForm>
  /** fields whose level-88 names become a column of their own; true for all that have such */
  labels: boolean | string[]
  redefines: Record<string, Rule>
  /** a table whose occurrences become rows; those within one another from the outside in */
  explode: string[]
  /** the record, where the copybook has several and there are no segments */
  record?: string | undefined
  segments?: { by: string; of: Record<string, Segment>; others: 'reject' | 'skip' } | undefined
  /** with segments: which of them become rows; all when absent */
  rows?: string[] | undefined
}

/** The ways of a mainframe. */
export const usualOptions: DecodeOptions = {
  codePage: '037',
  floats: 'ibm',
  nativeOrder: 'big',
  trim: 'right',
  blankNumbers: 'null',
  decimalComma: false,
  columns: {},
  labels: false,
  redefines: {},
  explode: [],
}
