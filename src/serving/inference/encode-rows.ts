import type { Column } from '../../contracts/model-runtime.ts'
import type { RecordedOrigin } from '../recorded-rows.ts'
import { placeOf } from '../traffic-split.ts'

/** Rows that one revision answered together. */
export interface AnsweredRows {
  ids: readonly string[]
  /** event times, milliseconds since 1970 */
  times: readonly number[]
  scores: Float64Array
  labels: readonly string[]
  receivedAt: number
  microseconds: number
}

/** One record of the rows and their features, in the order of the origin's; its form is told beside `readRecords`. */
export type EncodeRows = (answered: AnsweredRows, columns: readonly Column[]) => Buffer

const recordSeed = 0x5eed

/** Whether the prediction belongs to the share, in percent, that is recorded: the same at every try and for every revision. */
export const isRecorded = (id: string, percent: number): boolean =>
  percent >= 100 || (percent > 0 && placeOf(id, recordSeed) < percent * 100)

/** The rows at the places `from`, with their features. */
export function takeRows(
  { ids, times, scores, labels, ...same }: AnsweredRows,
  columns: readonly Column[],
  from: readonly number[],
): { answered: AnsweredRows; columns: Column[] } {
  const take = <T>(column: ArrayLike<T>) => from.map((row) => column[row]!)
  return {
    answered: {
      ...same,
      ids: take(ids),
      times: take(times),
      scores: Float64Array.from(take(scores)),
      labels: take(labels),
    },
    columns: columns.map((column) => take<number | string>(column) as Column),
  }
}

/** What is the same for all rows of a revision is encoded once: recording must cost next to nothing. */
export function createRowsEncoder(origin: RecordedOrigin): EncodeRows {
  const json = Buffer.from(JSON.stringify(origin))
  // in the machine's own order, which is little-endian wherever the model runtimes and the events engine are built
  let numbers = new Float64Array(64)
  let numberBytes = new Uint8Array(numbers.buffer)
  return ({ ids, times, scores, labels, receivedAt, microseconds }, columns) => {
    const n = ids.length
    const texts = [ids, labels]
    for (let i = 0; i < columns.length; i++) if (!origin.features[i]![1]) texts.push(columns[i] as string[])
    const joined = texts.map((column) => column.join(''))
    let most = 24 + json.length + 8 * n * (2 + origin.features.length) + 9 * texts.length + 4 * n * texts.length
    for (const text of joined) most += 3 * text.length

    const bytes = Buffer.allocUnsafe(most)
    let at = 4
    at = bytes.writeUInt32LE(json.length, at)
    at += json.copy(bytes, at)
    at = bytes.writeUInt32LE(n, at)
    at = bytes.writeDoubleLE(receivedAt, at)
    at = bytes.writeUInt32LE(Math.min(0xffff_ffff, Math.round(microseconds)), at)
    if (numbers.length < n) {
      numbers = new Float64Array(n)
      numberBytes = new Uint8Array(numbers.buffer)
    }
    const writeNumbers = (column: ArrayLike<number>) => {
      for (let row = 0; row < n; row++) numbers[row] = column[row]!
      bytes.set(numberBytes.length === 8 * n ? numberBytes : numberBytes.subarray(0, 8 * n), at)
      at += 8 * n
    }
    let written = 0
    const writeTexts = () => {
      const column = texts[written]!
      let long = false
      for (let row = 0; row < n; row++) if (column[row]!.length > 255) long = true
      bytes[at++] = long ? 4 : 1
      if (long) for (let row = 0; row < n; row++) at = bytes.writeUInt32LE(column[row]!.length, at)
      else for (let row = 0; row < n; row++) bytes[at++] = column[row]!.length
      const length = bytes.write(joined[written++]!, at + 4, 'utf8')
      at = bytes.writeUInt32LE(length, at) + length
    }
    writeNumbers(times)
    writeNumbers(scores)
    writeTexts()
    writeTexts()
    for (let i = 0; i < columns.length; i++)
      if (origin.features[i]![1]) writeNumbers(columns[i] as number[])
      else writeTexts()
    bytes.writeUInt32LE(at - 4, 0)
    return bytes.subarray(0, at)
  }
}
