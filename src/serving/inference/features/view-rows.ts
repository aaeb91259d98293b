// longer than most: rows, their order by entity and what is made of them share the same flat arrays
import type { LookedUp, LookupColumn } from '../../../contracts/feature-lookup.ts'
import type { Column } from '../../../contracts/model-runtime.ts'
import type { RoutedView } from '../../routing.ts'
import { createKeyIndexBuilder, type KeyIndex } from './key-index.ts'

/** A row as features take it: its inputs, null where it does not count for a feature. */
export type InputRow = readonly [key: string, time: number, ...inputs: (number | string | null)[]]

/** The rows of a view that still count as flat arrays, which another thread can make. */
export interface ViewRowsParts {
  index: KeyIndex
  texts: KeyIndex[]
  oldest: Int32Array
  newest: Int32Array
  times: Float64Array
  next: Int32Array
  inputs: (Float64Array | Uint32Array)[]
  used: number
  /** the first place that was let go of; its `next` is the second */
  free: number
}

export interface ViewRows {
  readonly entities: number
  readonly bytes: number
  /** Takes a row in any order of time; `now` in microseconds, as all times here. */
  add(row: InputRow, now: number): void
  /** The features of `columns` for some keys, as they are known at `now`. */
  lookup(keys: readonly string[], now: number): LookedUp
  /** Its arrays, which it must no longer be used with. */
  parts(): ViewRowsParts
}

const none = -1

/**
 * Rows of entities, each entity's in the order of time (of one time, as they came), and the values of features at a moment:
 * from the rows not after it, of a window those after it minus its length, of the entity's newest otherwise. It is the
 * definition that training sets are compiled from, so that the same rows give the same values. Rows that no window needs any
 * more give their place to others.
 */
export function createViewRows(
  view: Pick<RoutedView, 'inputs' | 'features' | 'span' | 'ttl'>,
  columns: readonly LookupColumn[],
  from?: ViewRowsParts,
): ViewRows {
  const { span } = view
  const ttl = view.ttl ?? Number.POSITIVE_INFINITY
  const index = createKeyIndexBuilder(from?.index)
  const texts = view.inputs.map((kind, i) => (kind === 'text' ? createKeyIndexBuilder(from?.texts[i]) : undefined))
  // the code 0 is a missing text
  if (!from) for (const one of texts) one?.place('')
  let oldest = from?.oldest ?? new Int32Array(1024)
  let newest = from?.newest ?? new Int32Array(1024)
  let times = from?.times ?? new Float64Array(1024)
  let next = from?.next ?? new Int32Array(1024)
  let inputs =
    from?.inputs ?? view.inputs.map((kind) => (kind === 'text' ? new Uint32Array(1024) : new Float64Array(1024)))
  let used = from?.used ?? 0
  let free = from?.free ?? none
  /** whose rows were looked through last */
  let swept = 0

  function place(): number {
    if (free !== none) {
      const row = free
      free = next[row]!
      return row
    }
    if (used === times.length) {
      const larger = Math.ceil(used * 1.5)
      times = grown(times, larger)
      next = grown(next, larger)
      inputs = inputs.map((one) => grown(one, larger))
    }
    return used++
  }

  /** Lets go of an entity's rows that nothing at `now` or later can need. */
  function expire(entity: number, now: number) {
    for (;;) {
      const row = oldest[entity]!
      const after = next[row]!
      if (after === none || times[after]! > now || times[row]! > now - span) return
      oldest[entity] = after
      next[row] = free
      free = row
    }
  }

  const places = columns.map(({ name }) => view.features.find((feature) => feature.name === name)!)
  const lasts = places.flatMap((feature, at) => (feature.over === null ? [{ at, input: feature.input }] : []))
  const windows = places.flatMap((feature, at) =>
    feature.over === null
      ? []
      : [{ at, how: feature.how, input: feature.input, over: feature.over, seen: new Set<number>() }],
  )
  const counts = new Float64Array(windows.length)
  const values = new Float64Array(windows.length)

  return {
    get entities() {
      return index.count
    },
    get bytes() {
      const arrays = [oldest, newest, times, next, ...inputs].reduce((sum, one) => sum + one.byteLength, 0)
      return arrays + index.bytes + texts.reduce((sum, one) => sum + (one?.bytes ?? 0), 0)
    },
    add(row, now) {
      const before = index.count
      // entities that neither come nor are asked for again have rows that nothing needs, too
      if (before > 0) {
        swept = (swept + 1) % before
        expire(swept, now)
      }
      const entity = index.place(row[0])
      if (entity >= oldest.length) {
        oldest = grown(oldest, oldest.length * 2)
        newest = grown(newest, newest.length * 2)
      }
      const time = row[1]
      const at = place()
      times[at] = time
      for (let i = 0; i < inputs.length; i++) {
        const value = row[i + 2]!
        const text = texts[i]
        inputs[i]![at] = text
          ? value === null
            ? 0
            : text.place(`=${value as string}`)
          : value === null
            ? Number.NaN
            : Number(value)
      }
      if (entity === before) {
        oldest[entity] = at
        newest[entity] = at
        next[at] = none
        return
      }
      const last = newest[entity]!
      if (times[last]! <= time) {
        next[last] = at
        next[at] = none
        newest[entity] = at
      } else {
        // late: after all that are not later
        let previous = none
        let one = oldest[entity]!
        while (times[one]! <= time) {
          previous = one
          one = next[one]!
        }
        next[at] = one
        if (previous === none) oldest[entity] = at
        else next[previous] = at
      }
      expire(entity, now)
    },
    lookup(keys, now) {
      const found = new Uint8Array(keys.length)
      const answer: Column[] = columns.map(({ type }) =>
        type === 'text' ? new Array<string>(keys.length).fill('') : new Float64Array(keys.length).fill(Number.NaN),
      )
      for (let k = 0; k < keys.length; k++) {
        const entity = index.find(keys[k]!)
        if (entity < 0) continue
        expire(entity, now)
        let known = none
        counts.fill(0)
        values.fill(0)
        for (let row = oldest[entity]!; row !== none && times[row]! <= now; row = next[row]!) {
          known = row
          const age = now - times[row]!
          for (let w = 0; w < windows.length; w++) {
            const window = windows[w]!
            if (age >= window.over) continue
            const value = inputs[window.input]![row]!
            if (window.how === 'distinct') {
              if (value !== 0) window.seen.add(value)
            } else if (!Number.isNaN(value)) {
              const first = counts[w] === 0
              counts[w]!++
              if (window.how === 'min') values[w] = first || value < values[w]! ? value : values[w]!
              else if (window.how === 'max') values[w] = first || value > values[w]! ? value : values[w]!
              else values[w]! += value
            }
          }
        }
        const fresh = known !== none && now - times[known]! < ttl
        if (fresh) {
          found[k] = 1
          for (const { at, input } of lasts) {
            const text = texts[input]
            const value = inputs[input]![known]!
            answer[at]![k] = text ? (value === 0 ? '' : text.keyAt(value).slice(1)) : value
          }
        }
        for (let w = 0; w < windows.length; w++) {
          const { at, how, seen } = windows[w]!
          if (fresh) {
            const n = counts[w]!
            const value =
              how === 'count'
                ? n
                : how === 'distinct'
                  ? seen.size
                  : how === 'sum'
                    ? values[w]!
                    : n === 0
                      ? Number.NaN
                      : how === 'mean'
                        ? values[w]! / n
                        : values[w]!
            answer[at]![k] = value
          }
          if (seen.size > 0) seen.clear()
        }
      }
      return { found, columns: answer }
    },
    parts: () => ({
      index: index.done(),
      texts: texts.map(
        (one) =>
          one?.done() ?? { count: 0, slots: new Uint32Array(0), starts: new Uint32Array(1), bytes: new Uint8Array(0) },
      ),
      ...{ oldest, newest, times, next, inputs, used, free },
    }),
  }
}

function grown<A extends Float64Array | Int32Array | Uint32Array>(array: A, length: number): A {
  const larger = new (array.constructor as new (length: number) => A)(length)
  larger.set(array as never)
  return larger
}

/** The buffers that they consist of. */
export const buffersOfRows = ({ index, texts, oldest, newest, times, next, inputs }: ViewRowsParts): ArrayBuffer[] => [
  ...new Set(
    [
      ...[index, ...texts].flatMap((one) => [one.slots, one.starts, one.bytes]),
      ...[oldest, newest, times, next, ...inputs],
    ].map((one) => one.buffer as ArrayBuffer),
  ),
]
