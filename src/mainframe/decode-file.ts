import type { DecodedRows, RowDecoder } from './decode-rows.ts'
import { createSplitter, incompleteRecord, longestRecord, type RecordForm, tooLong } from './record-form.ts'

export interface DecodedBatch {
  rows: DecodedRows
  /** number of the batch's first record, from 0, without those of the header */
  firstRecord: number
  /** the place in the file of a place in the batch's bytes; undefined for a segment of an earlier batch */
  fileOffset(place: number): number | undefined
}

export interface DecodeFile {
  /** bytes of the file */
  size: number
  /** Reads into the whole of `target` from a place of the file. */
  read(target: Uint8Array, position: number): void
  form: RecordForm
  decoder: RowDecoder
  /** bytes of a piece; one that stays in the processor's cache is the quickest */
  piece?: number
}

/** Decodes a file piece by piece. A batch is gone with the next one. Errors: `source_unreadable` names record and byte. */
export function* decodeFile({ size, read, form, decoder, piece = 2 ** 20 }: DecodeFile): Generator<DecodedBatch> {
  const splitter = createSplitter(form)
  const fixedFooter = form.records === 'fixed' ? form.footer.records * form.length : 0
  const end = size - form.footer.bytes - fixedFooter
  const keepBack = form.records === 'fixed' ? 0 : form.footer.records
  let skip = form.header.records
  let position = form.header.bytes
  let buffer = new Uint8Array(piece * 2)
  /** in the buffer: what is kept begins, what is not yet split into records begins, what was read ends */
  let begin = 0
  let scanned = 0
  let filled = 0
  let firstRecord = 0
  let waiting: { starts: number[]; ends: number[] } = { starts: [], ends: [] }
  while (position < end) {
    const wanted = Math.min(piece, end - position)
    if (filled + wanted > buffer.length) {
      const larger = new Uint8Array(Math.max(buffer.length * 2, filled + wanted))
      larger.set(buffer.subarray(0, filled))
      buffer = larger
    }
    read(buffer.subarray(filled, filled + wanted), position)
    filled += wanted
    position += wanted
    const last = position >= end
    for (;;) {
      const base = position - filled
      const { count, next } = splitter.split(buffer, scanned, filled, base)
      scanned = next
      let starts = splitter.starts
      let ends = splitter.ends
      let records = count
      if (keepBack > 0 || waiting.starts.length > 0) {
        // what may be the footer waits for what follows
        const all = {
          starts: [...waiting.starts, ...starts.subarray(0, count)],
          ends: [...waiting.ends, ...ends.subarray(0, count)],
        }
        const go = Math.max(0, all.starts.length - keepBack)
        waiting = { starts: all.starts.slice(go), ends: all.ends.slice(go) }
        starts = Uint32Array.from(all.starts.slice(0, go))
        ends = Uint32Array.from(all.ends.slice(0, go))
        records = go
      }
      const skipped = Math.min(skip, records)
      skip -= skipped
      if (records > skipped) {
        const rows = decoder.decode({
          bytes: buffer,
          count: records - skipped,
          starts: starts.subarray(skipped),
          ends: ends.subarray(skipped),
        })
        yield { rows, firstRecord, fileOffset: (place) => (place >= begin ? base + place : undefined) }
        firstRecord += records - skipped
      }
      if (waiting.starts.length === 0) begin = scanned
      else if (records > 0) begin = ends[records - 1]!
      if (count < splitter.starts.length || scanned >= filled) break
    }
    makeRoom()
    const rest = filled - scanned
    if (rest > longestRecord) throw tooLong(splitter.found() + 1, position - rest)
    if (last && rest > 0) throw incompleteRecord(splitter.found() + 1, position - rest, rest)
  }

  /** The segments that are still needed and the bytes that are not yet decoded move to the front. */
  function makeRoom() {
    const held = decoder.held()
    const kept = held.map(({ start, end }) => buffer.slice(start, end))
    const rest = buffer.slice(begin, filled)
    let place = 0
    const moved = kept.map((bytes) => {
      const at = place
      place += bytes.length
      return { start: at, end: place }
    })
    if (place + rest.length > buffer.length) buffer = new Uint8Array(place + rest.length + piece)
    for (const [i, bytes] of kept.entries()) buffer.set(bytes, moved[i]!.start)
    buffer.set(rest, place)
    decoder.moved(moved)
    const shift = place - begin
    waiting = { starts: waiting.starts.map((at) => at + shift), ends: waiting.ends.map((at) => at + shift) }
    begin = place
    scanned += shift
    filled = place + rest.length
  }
}
