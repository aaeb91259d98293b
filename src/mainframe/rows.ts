/** What is wrong with a field, by number; 0 is nothing. */
export const faultReasons = [
  '',
  'a packed number has a half-byte that is no digit or no sign',
  'a zoned number has a byte that is no digit or no sign',
  'an edited number has a character that belongs to none',
  'a text has a byte that its code page has no character for',
  'a date does not exist',
  'a number is larger than an int',
  'a count of a table (DEPENDING ON) is out of its bounds',
  'the record ends within a field',
  'a float is not finite',
  'a segment has an unknown id',
  'a segment comes before the one that it belongs to',
] as const
export const fault = {
  packed: 1,
  zoned: 2,
  edited: 3,
  text: 4,
  date: 5,
  large: 6,
  count: 7,
  short: 8,
  float: 9,
  segment: 10,
  parent: 11,
} as const

/** The rows of a batch whose columns are decoded one after the other. */
export interface Rows {
  bytes: Uint8Array
  count: number
  /** number in `faultReasons` */
  fault: Uint8Array
  /** where in `bytes` the field with the fault begins */
  faultAt: Uint32Array
  /** which step of the plan found it */
  faultStep: Uint16Array
}

/** Notes what is wrong with a row, unless something was before. */
export function mark(rows: Rows, row: number, kind: number, at: number, step: number): void {
  if (rows.fault[row] !== 0) return
  rows.fault[row] = kind
  rows.faultAt[row] = at
  rows.faultStep[row] = step
}

/** Decodes one field of all rows: row i has it at `at[i] + offset`; where the mask is 0 there is none. */
export type FieldDecoder = (
  rows: Rows,
  at: Uint32Array,
  offset: number,
  mask: Uint8Array | undefined,
  step: number,
) => void
