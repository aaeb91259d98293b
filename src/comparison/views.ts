import type { ReferenceView, Task, WindowView } from '../contracts/monitor-kind.ts'
import { mergeSlices, type Slice } from '../statistics/slice.ts'

/** Rows below which a file is not cut into chunks. */
const ROWS_OF_CHUNK = 50
const MOST_CHUNKS = 20
/** Chunks that a limit can be calibrated from. */
export const FEWEST_CHUNKS = 7

/** Into how many equally long stretches both files are cut: as many rows each, as far as that goes. */
export function chunkNumbers(reference: number, current: number): { reference: number; current: number } {
  const possible = Math.min(MOST_CHUNKS, Math.floor(reference / ROWS_OF_CHUNK))
  const ofReference = possible < FEWEST_CHUNKS ? 1 : possible
  const rows = reference / ofReference
  return { reference: ofReference, current: Math.max(1, Math.min(MOST_CHUNKS, Math.round(current / rows))) }
}

/** The reference rows; `whole` is the merge of the chunks. */
export const referenceView = (label: string, chunks: readonly Slice[], whole = mergeSlices(chunks)): ReferenceView => ({
  scope: label,
  days: chunks,
  whole,
})

/** The current rows as a window whose days are the chunks; its times have no meaning. */
export const windowOf = (
  chunks: readonly Slice[],
  task: Task,
  actualsComplete: boolean,
  whole = mergeSlices(chunks),
): WindowView => ({
  revision: 0,
  start: 0,
  end: chunks.length,
  days: chunks.length,
  slice: whole,
  parts: chunks.map((slice) => ({ slice, weight: 1 })),
  task,
  actualsComplete,
})
