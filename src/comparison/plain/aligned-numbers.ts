import type { PlainColumn, PlainFile } from './plain-file.ts'
import { type Dictionary, type Page, readPages } from './read-pages.ts'

/** A column, and what number stands for one of its texts; without that texts are NaN. */
export interface AlignedInput {
  column: PlainColumn
  ofText?: (text: string) => number
}

/** Consecutive rows of some columns beside each other; written over by the next block. */
export interface AlignedBlock {
  firstRow: number
  rows: number
  /** by column; NaN where a row has no number */
  values: Float64Array[]
}

/** Columns of a file row by row. Their pages end where they like, so blocks are as long as the shortest rest. */
export function* alignedNumbers(file: PlainFile, inputs: readonly AlignedInput[]): Generator<AlignedBlock> {
  const cursors = inputs.map((input) => ({
    pages: readPages(file, input.column),
    numbersOf: createNumbersOf(input),
    values: new Float64Array(0) as Float64Array,
    used: 0,
  }))
  for (let row = 0; row < file.rows; ) {
    let rows = file.rows - row
    for (const cursor of cursors) {
      if (cursor.used === cursor.values.length) {
        const page = cursor.pages.next()
        if (page.done) return
        cursor.values = cursor.numbersOf(page.value)
        cursor.used = 0
      }
      rows = Math.min(rows, cursor.values.length - cursor.used)
    }
    const values = cursors.map((cursor) => {
      const part = cursor.values.subarray(cursor.used, cursor.used + rows)
      cursor.used += rows
      return part
    })
    yield { firstRow: row, rows, values }
    row += rows
  }
}

/** Turns pages of one column into numbers. */
function createNumbersOf({ ofText }: AlignedInput): (page: Page) => Float64Array {
  let buffer = new Float64Array(0)
  let dictionary: Dictionary | undefined
  let known = new Float64Array(0)

  function look(up: Dictionary) {
    dictionary = up
    // a row without a value points behind the last
    known = new Float64Array(up.size + 1).fill(Number.NaN)
    if (up.numbers) known.set(up.numbers)
    if (!up.texts || !ofText) return
    const { bytes, starts, ends } = up.texts
    for (let i = 0; i < up.size; i++) known[i] = ofText(bytes.toString('utf8', starts[i], ends[i]))
  }

  return ({ indices, dictionary: own, numbers, texts, present, rows }) => {
    if (numbers) return numbers
    if (buffer.length < rows) buffer = new Float64Array(rows)
    const values = buffer.subarray(0, rows)
    if (indices) {
      if (own !== dictionary) look(own!)
      for (let i = 0; i < rows; i++) values[i] = known[indices[i]!]!
      return values
    }
    values.fill(Number.NaN)
    const { bytes, starts, ends } = texts!
    for (let row = 0, i = 0; row < rows; row++)
      if (present?.[row] !== 0) {
        if (ofText) values[row] = ofText(bytes.toString('utf8', starts[i], ends[i]))
        i++
      }
    return values
  }
}
