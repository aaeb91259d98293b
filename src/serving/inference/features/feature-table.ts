import type { FeatureLookup, LookupColumn } from '../../../contracts/feature-lookup.ts'
import type { Column } from '../../../contracts/model-runtime.ts'
import { createKeyFinder, createKeyIndexBuilder, type KeyIndex } from './key-index.ts'

/** The values of a column by position; texts as places in a list of all that are different. */
type TableValues =
  | { numbers: Float64Array }
  | { codes: Uint32Array; texts: Pick<KeyIndex, 'count' | 'starts' | 'bytes'> }

/** Features of entities as flat arrays: nothing for a garbage collector to walk through, and another thread can make them. */
export interface FeatureTable {
  index: KeyIndex
  columns: (LookupColumn & { values: TableValues })[]
}

/** Takes rows in any order; of those with the same key the one with the largest `time` stays, of the same time the last. */
export function createFeatureTableBuilder(columns: readonly LookupColumn[]) {
  const index = createKeyIndexBuilder()
  let times = new Float64Array(1024)
  let count = 0
  const growing = columns.map(({ type }) => {
    const none = type === 'text' ? 0 : Number.NaN
    let values: Float64Array | Uint32Array = type === 'text' ? new Uint32Array(1024) : new Float64Array(1024).fill(none)
    const texts = type === 'text' ? createKeyIndexBuilder() : undefined
    texts?.place('')
    return {
      texts,
      put(at: number, value: string | number) {
        if (at >= values.length) {
          const more = texts ? new Uint32Array(values.length * 2) : new Float64Array(values.length * 2).fill(none)
          more.set(values)
          values = more
        }
        values[at] = texts ? texts.place(String(value)) : Number(value)
      },
      all: () => values.slice(0, count),
    }
  })

  return {
    /** `value(i)` is that of the i-th column, NaN or '' where it is missing. */
    add(key: string, time: number, value: (column: number) => string | number) {
      const at = index.place(key)
      if (at === count) {
        count++
        if (at >= times.length) {
          const more = new Float64Array(times.length * 2)
          more.set(times)
          times = more
        }
      } else if (time < times[at]!) return
      times[at] = time
      for (let i = 0; i < growing.length; i++) growing[i]!.put(at, value(i))
    },
    done: (): FeatureTable => ({
      index: index.done(),
      columns: columns.map((column, i) => {
        const { texts, all } = growing[i]!
        if (!texts) return { ...column, values: { numbers: all() as Float64Array } }
        const { count: different, starts, bytes } = texts.done()
        return { ...column, values: { codes: all() as Uint32Array, texts: { count: different, starts, bytes } } }
      }),
    }),
  }
}

/** The buffers that a table consists of. */
export const buffersOf = ({ index, columns }: FeatureTable): ArrayBuffer[] => [
  ...[index.slots, index.starts, index.bytes].map(bufferOf),
  ...columns.flatMap(({ values }) =>
    'numbers' in values
      ? [bufferOf(values.numbers)]
      : [values.codes, values.texts.starts, values.texts.bytes].map(bufferOf),
  ),
]

const bufferOf = (array: ArrayBufferView) => array.buffer as ArrayBuffer

/** different texts of a column that are kept decoded */
const fewTexts = 65_536

/** A table in memory as a lookup; `source` names what it was made of. */
export function createTableLookup(source: string, table: FeatureTable): FeatureLookup {
  const find = createKeyFinder(table.index)
  const read = table.columns.map(({ values }) => {
    if ('numbers' in values) {
      const { numbers } = values
      return (positions: Int32Array): Column => {
        const found = new Float64Array(positions.length)
        for (let i = 0; i < found.length; i++) found[i] = positions[i]! < 0 ? Number.NaN : numbers[positions[i]!]!
        return found
      }
    }
    const { codes } = values
    const { starts, bytes } = values.texts
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const decode = (code: number) => text.toString('utf8', starts[code]!, starts[code + 1]!)
    // texts of which there are few are made once
    const known: string[] | undefined = values.texts.count <= fewTexts ? [] : undefined
    const textOf = known ? (code: number) => (known[code] ??= decode(code)) : decode
    return (positions: Int32Array): Column => {
      const found = new Array<string>(positions.length)
      for (let i = 0; i < found.length; i++) found[i] = positions[i]! < 0 ? '' : textOf(codes[positions[i]!]!)
      return found
    }
  })
  return {
    source,
    columns: table.columns.map(({ name, type }) => ({ name, type })),
    entities: table.index.count,
    bytes: buffersOf(table).reduce((sum, buffer) => sum + buffer.byteLength, 0),
    lookup(keys) {
      const positions = new Int32Array(keys.length)
      const found = new Uint8Array(keys.length)
      for (let i = 0; i < keys.length; i++) {
        positions[i] = find(keys[i]!)
        found[i] = positions[i]! < 0 ? 0 : 1
      }
      return {
        found,
        columns: read.map((column) => column(positions)),
      }
    },
  }
}
