import type { Storage } from './column-values.ts'
import type { ColumnForm } from './decode-options.ts'
import type { FieldType } from './field-type.ts'

/** Where something is in a row: so many bytes behind an anchor, whose place each row has of its own. */
export interface Place {
  anchor: number
  offset: number
}

interface Field extends Place {
  type: FieldType
  size: number
}

/** One step of decoding all rows of a batch. Anchors, masks and counts are numbered; mask -1 is none. */
export type Step =
  /** which segment a record is: masks and anchors of them, those of the segments above from records before */
  | {
      do: 'segments'
      field: Field
      of: { name: string; id: string[]; mask: number; anchor: number; under: number }[]
      others: 'reject' | 'skip'
      /** segments that become rows */
      rows: number[]
    }
  /** an anchor behind a table: `to` = place + count × size */
  | { do: 'move'; to: number; place: Place; count: number; size: number; mask: number }
  /** reads a count (DEPENDING ON) */
  | { do: 'count'; to: number; field: Field; least: number; most: number; name: string; mask: number }
  /** a mask of rows whose field has one of the values */
  | { do: 'match'; to: number; field: Field; values: { from: string; to?: string }[]; under: number }
  /** a mask of rows in which none of the masks holds */
  | { do: 'otherwise'; to: number; masks: number[]; under: number }
  /** a mask of rows whose count is above an index */
  | { do: 'has'; to: number; count: number; index: number; under: number }
  /** a row for each occurrence; `anchors` of all occurrences, or one and the size of each */
  | { do: 'explode'; to: number; mask: number; count: number; most: number; place: Place; size: number; under: number }
  | { do: 'column'; column: number; field: Field; mask: number }
  | {
      do: 'label'
      column: number
      field: Field
      labels: { name: string; values: { from: string; to?: string }[] }[]
      mask: number
    }

export interface PlanColumn {
  name: string
  storage: Storage
  form: ColumnForm | undefined
  /** as the copybook calls it, with its PICTURE */
  title: string
}

/** How a record becomes a row, ready to be done to batches. Can be sent to another thread. */
export interface Plan {
  record: string
  anchors: number
  masks: number
  counts: number
  steps: Step[]
  columns: PlanColumn[]
  /** bytes of a record with every table at its longest */
  longest: number
  /** whether all records have that length */
  fixed: boolean
}

export const mostColumns = 4000
