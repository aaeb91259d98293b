// Over 300 lines: every step of a plan, done to all rows of a batch.
import { appendText, type ColumnValues, createColumnValues, prepareColumn, readColumn } from './column-values.ts'
import { fieldDecoder, storageOf } from './decode-field.ts'
import type { DecodeOptions } from './decode-options.ts'
import { textBytes } from './decode-text.ts'
import type { FieldType } from './field-type.ts'
import type { Plan, Step } from './plan.ts'
import { fault, mark, type Rows } from './rows.ts'
import { within } from './within.ts'

/** Records in a buffer: record i has the bytes from `starts[i]` to `ends[i]`. */
export interface Records {
  bytes: Uint8Array
  count: number
  starts: Uint32Array
  ends: Uint32Array
}

export interface DecodedRows extends Rows {
  columns: ColumnValues[]
  /** which record of the batch a row is from; absent: its own */
  records?: Uint32Array
}

export interface RowDecoder {
  plan: Plan
  decode(records: Records): DecodedRows
  /** The records of segments above that later rows need: where they are in the buffer of the last batch. */
  held(): { start: number; end: number }[]
  /** They stand elsewhere now, in the same order. */
  moved(places: readonly { start: number; end: number }[]): void
}

type Of<Do extends Step['do']> = Extract<Step, { do: Do }>

/** Makes what decodes batches of records by a plan. Arrays are used again: what `decode` gave is gone with the next call. */
export function createRowDecoder(plan: Plan, options: DecodeOptions): RowDecoder {
  const columns = plan.columns.map(({ storage }) => createColumnValues(storage))
  const widths = plan.columns.map(() => 0)
  const anchors: Uint32Array[] = []
  const ends: Uint32Array[] = []
  const masks: Uint8Array[] = []
  const counts: Int32Array[] = []
  const rows: Rows = {
    bytes: new Uint8Array(0),
    count: 0,
    fault: new Uint8Array(0),
    faultAt: new Uint32Array(0),
    faultStep: new Uint16Array(0),
  }
  let origins: Uint32Array | undefined
  let shortest = 0
  const whole = new Map<number, Uint8Array>()
  const held = new Map<number, { start: number; end: number }>()
  const runs = plan.steps.map((step, i) => prepare(step, i))

  return {
    plan,
    decode(records) {
      const { bytes, count } = records
      rows.bytes = bytes
      reset(count)
      anchors[0] = records.starts
      ends[0] = records.ends
      origins = undefined
      shortest = Number.MAX_SAFE_INTEGER
      for (let i = 0; i < count; i++) {
        const length = records.ends[i]! - records.starts[i]!
        if (length < shortest) shortest = length
      }
      for (const run of runs) run()
      return { ...rows, columns, ...(origins ? { records: origins } : {}) }
    },
    held: () => [...held.values()],
    moved(places) {
      for (const [i, key] of [...held.keys()].entries()) held.set(key, places[i]!)
    },
  }

  function reset(count: number) {
    rows.count = count
    if (rows.fault.length < count) {
      const size = Math.ceil(count * 1.25)
      rows.fault = new Uint8Array(size)
      rows.faultAt = new Uint32Array(size)
      rows.faultStep = new Uint16Array(size)
    } else rows.fault.fill(0, 0, count)
  }

  function prepare(step: Step, index: number): () => void {
    switch (step.do) {
      case 'segments':
        return segments(step, index)
      case 'move':
        return move(step)
      case 'count':
        return readCount(step, index)
      case 'match':
        return match(step)
      case 'otherwise':
        return () => {
          const out = maskOf(step.to)
          for (let i = 0; i < rows.count; i++) {
            let none = step.under < 0 ? 1 : masks[step.under]![i]!
            for (const other of step.masks) if (masks[other]![i] === 1) none = 0
            out[i] = none
          }
        }
      case 'has':
        return () => {
          const out = maskOf(step.to)
          const count = counts[step.count]!
          const under = step.under < 0 ? undefined : masks[step.under]
          for (let i = 0; i < rows.count; i++)
            out[i] = count[i]! > step.index && (under === undefined || under[i] === 1) ? 1 : 0
        }
      case 'explode':
        return explode(step)
      case 'label':
        return label(step)
      case 'column':
        return column(step, index)
    }
  }

  function maskOf(slot: number): Uint8Array {
    if ((masks[slot]?.length ?? 0) < rows.count) masks[slot] = new Uint8Array(Math.ceil(rows.count * 1.25))
    return masks[slot]!
  }
  function anchorOf(slot: number): Uint32Array {
    if ((anchors[slot]?.length ?? 0) < rows.count) anchors[slot] = new Uint32Array(Math.ceil(rows.count * 1.25))
    return anchors[slot]!
  }

  /** The mask of rows in which a field is there; a record that ends before the field has none, within it is a fault. */
  function present(anchor: number, offset: number, size: number, mask: number, index: number): Uint8Array | undefined {
    const given = mask < 0 ? undefined : masks[mask]
    if (anchor === 0 && origins === undefined && offset + size <= shortest) return given
    const at = anchors[anchor]!
    const end = ends[anchor]!
    let out: Uint8Array | undefined
    for (let i = 0; i < rows.count; i++) {
      const rest = end[i]! - at[i]! - offset
      if (rest >= size) continue
      if (!out) {
        out = whole.get(index)
        if (!out || out.length < rows.count) {
          out = new Uint8Array(Math.ceil(rows.count * 1.25))
          whole.set(index, out)
        }
        if (given) out.set(given.subarray(0, rows.count))
        else out.fill(1, 0, rows.count)
      }
      if (out[i] === 1 && rest > 0) mark(rows, i, fault.short, at[i]! + offset, index)
      out[i] = 0
    }
    return out ?? given
  }

  function column(step: Of<'column'>, index: number): () => void {
    const { form } = plan.columns[step.column]!
    const { field } = step
    const out = columns[step.column]!
    const decoder = fieldDecoder(field.type, field.size, form, options, out)
    // a number as text may be longer than its bytes
    widths[step.column] = textBytes(isText(field.type) ? field.size : Math.max(field.size, 40))
    return () => {
      prepareColumn(out, rows.count, widths[step.column]!)
      decoder(
        rows,
        anchors[field.anchor]!,
        field.offset,
        present(field.anchor, field.offset, field.size, step.mask, index),
        index,
      )
    }
  }

  function readCount(step: Of<'count'>, index: number): () => void {
    const { field, least, most, to } = step
    const values = createColumnValues('int')
    const decoder = fieldDecoder(field.type, field.size, 'int', options, values)
    return () => {
      prepareColumn(values, rows.count, 0)
      if ((counts[to]?.length ?? 0) < rows.count) counts[to] = new Int32Array(Math.ceil(rows.count * 1.25))
      const out = counts[to]!
      const at = anchors[field.anchor]!
      const mask = present(field.anchor, field.offset, field.size, step.mask, index)
      decoder(rows, at, field.offset, mask, index)
      for (let i = 0; i < rows.count; i++) {
        if (values.nulls[i] === 1) {
          out[i] = 0
          continue
        }
        const value = values.words[i * 2 + 1] === 0 ? values.words[i * 2]! : -1
        out[i] = value
        if (value < least || value > most) {
          out[i] = Math.min(Math.max(value, 0), most)
          mark(rows, i, fault.count, at[i]! + field.offset, index)
        }
      }
    }
  }

  function move(step: Of<'move'>): () => void {
    return () => {
      const out = anchorOf(step.to)
      const from = anchors[step.place.anchor]!
      const count = step.count < 0 ? undefined : counts[step.count]
      const mask = step.mask < 0 ? undefined : masks[step.mask]
      ends[step.to] = ends[step.place.anchor]!
      for (let i = 0; i < rows.count; i++)
        if (mask === undefined || mask[i] === 1)
          out[i] = from[i]! + step.place.offset + (count === undefined ? 0 : count[i]! * step.size)
    }
  }

  /** Decides by the bytes of a field, once for each that is met. */
  function byBytes<T>(field: Of<'match'>['field'], decide: (value: string | undefined) => T): (from: number) => T {
    const { size } = field
    const one = createColumnValues(storageOf(field.type, undefined))
    const decoder = fieldDecoder(field.type, size, undefined, options, one)
    const known = new Map<number | string, T>()
    const place = new Uint32Array(1)
    return (from) => {
      let key: number | string = 0
      if (size <= 6) for (let j = 0; j < size; j++) key = (key as number) * 256 + rows.bytes[from + j]!
      else key = Buffer.from(rows.bytes.buffer, rows.bytes.byteOffset + from, size).toString('latin1')
      let found = known.get(key)
      if (found === undefined) {
        prepareColumn(one, 1, textBytes(size))
        place[0] = from
        const single: Rows = {
          bytes: rows.bytes,
          count: 1,
          fault: new Uint8Array(1),
          faultAt: new Uint32Array(1),
          faultStep: new Uint16Array(1),
        }
        decoder(single, place, 0, undefined, 0)
        const value = readColumn(one, 1)[0]
        found = decide(value === null || value === undefined ? (isText(field.type) ? '' : undefined) : String(value))
        // a field with ever new values must not fill the memory
        if (known.size > 100_000) known.clear()
        known.set(key, found)
      }
      return found
    }
  }

  function match(step: Of<'match'>): () => void {
    const { field, under } = step
    const numeric = !isText(field.type)
    const holds = byBytes(field, (value) =>
      value !== undefined && step.values.some((range) => within(value, range, numeric)) ? 1 : 0,
    )
    return () => {
      const out = maskOf(step.to)
      const at = anchors[field.anchor]!
      const end = ends[field.anchor]!
      for (let i = 0; i < rows.count; i++) {
        const from = at[i]! + field.offset
        out[i] = (under >= 0 && masks[under]![i] === 0) || from + field.size > end[i]! ? 0 : holds(from)
      }
    }
  }

  function label(step: Of<'label'>): () => void {
    const { field, mask } = step
    const numeric = !isText(field.type)
    const encoder = new TextEncoder()
    const none = new Uint8Array(0)
    const find = byBytes(field, (value) => {
      const found =
        value === undefined
          ? undefined
          : step.labels.find(({ values }) => values.some((range) => within(value, range, numeric)))
      return found ? encoder.encode(found.name) : none
    })
    const out = columns[step.column]!
    return () => {
      prepareColumn(out, rows.count, 64 * 3)
      const at = anchors[field.anchor]!
      const end = ends[field.anchor]!
      for (let i = 0; i < rows.count; i++) {
        const from = at[i]! + field.offset
        const there = (mask < 0 || masks[mask]![i] === 1) && from + field.size <= end[i]!
        const text = there ? find(from) : none
        if (text.length === 0) out.nulls[i] = 1
        appendText(out, text)
      }
    }
  }

  function segments(step: Of<'segments'>, index: number): () => void {
    const { field, of, others } = step
    const wanted = new Set(step.rows)
    const find = byBytes(field, (value) => of.findIndex(({ id }) => value !== undefined && id.includes(value)))
    return () => {
      const { count } = rows
      const [at, end] = [anchors[0]!, ends[0]!]
      for (const { mask, anchor } of of) {
        maskOf(mask).fill(0, 0, count)
        anchorOf(anchor)
        if ((ends[anchor]?.length ?? 0) < count) ends[anchor] = new Uint32Array(Math.ceil(count * 1.25))
      }
      const kept = new Uint32Array(count)
      let rowsKept = 0
      for (let i = 0; i < count; i++) {
        const from = at[i]! + field.offset
        const found = from + field.size <= end[i]! ? find(from) : -1
        if (found >= 0) {
          held.set(found, { start: at[i]!, end: end[i]! })
          // what was below the segment before belongs to that one
          for (const [j] of of.entries()) if (isUnder(j, found)) held.delete(j)
        }
        if (found < 0 ? others === 'skip' : !wanted.has(found)) continue
        kept[rowsKept++] = i
        if (found < 0) {
          mark(rows, i, fault.segment, from, index)
          continue
        }
        for (let j = found; j >= 0; j = of[j]!.under) {
          const place = held.get(j)
          if (!place) {
            mark(rows, i, fault.parent, from, index)
            continue
          }
          masks[of[j]!.mask]![i] = 1
          anchors[of[j]!.anchor]![i] = place.start
          ends[of[j]!.anchor]![i] = place.end
        }
      }
      if (rowsKept < count) gather(kept.subarray(0, rowsKept))
    }
    function isUnder(segment: number, above: number): boolean {
      const { under } = of[segment]!
      return under >= 0 && (under === above || isUnder(under, above))
    }
  }

  function explode(step: Of<'explode'>): () => void {
    return () => {
      const { count } = rows
      const under = step.under < 0 ? undefined : masks[step.under]
      const times = (i: number) =>
        under !== undefined && under[i] === 0 ? 0 : step.count < 0 ? step.most : counts[step.count]![i]!
      let total = 0
      for (let i = 0; i < count; i++) total += Math.max(1, times(i))
      const from = new Uint32Array(total)
      const places = new Uint32Array(total)
      const there = new Uint8Array(total)
      const at = anchors[step.place.anchor]!
      for (let i = 0, row = 0; i < count; i++) {
        const n = times(i)
        for (let j = 0; j < Math.max(1, n); j++, row++) {
          from[row] = i
          places[row] = at[i]! + step.place.offset + j * step.size
          there[row] = j < n ? 1 : 0
        }
      }
      gather(from)
      anchors[step.to] = places
      ends[step.to] = ends[step.place.anchor]!
      masks[step.mask] = there
    }
  }

  /** Makes row i what row `from[i]` was. */
  function gather(from: Uint32Array) {
    const count = from.length
    const take = <T extends Uint32Array | Uint8Array | Int32Array | Uint16Array>(values: T): T => {
      const out = new (values.constructor as new (length: number) => T)(count)
      for (let i = 0; i < count; i++) out[i] = values[from[i]!]!
      return out
    }
    const taken = new Map<Uint32Array, Uint32Array>()
    for (const slots of [anchors, ends])
      for (const [i, values] of slots.entries()) {
        if (!values) continue
        const out = taken.get(values) ?? take(values)
        taken.set(values, out)
        slots[i] = out
      }
    for (const [i, values] of masks.entries()) if (values) masks[i] = take(values)
    for (const [i, values] of counts.entries()) if (values) counts[i] = take(values)
    rows.fault = take(rows.fault)
    rows.faultAt = take(rows.faultAt)
    rows.faultStep = take(rows.faultStep)
    origins = origins ? take(origins) : from
    rows.count = count
  }
}

const isText = (type: FieldType) => type.kind === 'text' || type.kind === 'double' || type.kind === 'national'
