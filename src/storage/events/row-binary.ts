/** Rows as the engine takes them without reading text: `bytes` hold the `columns` of row after row (ClickHouse's RowBinary). */
export interface BinaryRows {
  columns: readonly string[]
  bytes: Uint8Array
}

export interface RowBinaryWriter {
  /** Bool, UInt8 */
  byte(value: number): void
  uint32(value: number): void
  /** Int64, DateTime64: a whole number */
  int64(value: number): void
  float64(value: number): void
  /** the number of elements of a Map or an Array */
  size(value: number): void
  string(value: string): void
  /** a string that is UTF-8 already: `from` to `to` of `bytes` */
  utf8(bytes: Uint8Array, from: number, to: number): void
  /** values that another writer wrote */
  raw(written: Uint8Array): void
  /** a null of a Nullable; a value is `byte(0)` and what its type writes */
  null(): void
  /** what was written; the writer begins anew */
  take(): Uint8Array
}

/** Writes values one after the other; which types they have is the caller's matter. Grows from `capacity` bytes. */
export function createRowBinaryWriter(capacity = 64 * 1024): RowBinaryWriter {
  let bytes = Buffer.allocUnsafe(capacity)
  let view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  /** Makes room for `more` bytes. */
  function room(more: number) {
    if (at + more <= bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(bytes.length * 2, at + more))
    bytes.copy(larger, 0, 0, at)
    bytes = larger
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }
  function size(value: number) {
    room(5)
    for (; value > 0x7f; value >>>= 7) bytes[at++] = (value & 0x7f) | 0x80
    bytes[at++] = value
  }
  function copy(from: Uint8Array, start: number, end: number) {
    room(end - start)
    if (end - start > 48) {
      bytes.set(from.subarray(start, end), at)
      at += end - start
    } else for (let i = start; i < end; i++) bytes[at++] = from[i]!
  }
  return {
    byte(value) {
      room(1)
      bytes[at++] = value
    },
    uint32(value) {
      room(4)
      view.setUint32(at, value, true)
      at += 4
    },
    int64(value) {
      room(8)
      // the low and the high half: quicker than a bigint, and exact for every safe integer
      view.setUint32(at, value, true)
      view.setInt32(at + 4, Math.floor(value / 0x1_0000_0000), true)
      at += 8
    },
    float64(value) {
      room(8)
      view.setFloat64(at, value, true)
      at += 8
    },
    size,
    string(value) {
      // most texts are short and ASCII; a call into the encoder costs more than they do
      const { length } = value
      if (length < 64) {
        room(length + 1)
        const start = at
        bytes[at++] = length
        let i = 0
        for (; i < length; i++) {
          const code = value.charCodeAt(i)
          if (code > 0x7f) break
          bytes[at++] = code
        }
        if (i === length) return
        at = start
      }
      const whole = Buffer.byteLength(value)
      size(whole)
      room(whole)
      at += bytes.write(value, at, 'utf8')
    },
    utf8(from, start, end) {
      size(end - start)
      copy(from, start, end)
    },
    raw: (written) => copy(written, 0, written.length),
    null() {
      room(1)
      bytes[at++] = 1
    },
    take() {
      const taken = bytes.subarray(0, at)
      bytes = Buffer.allocUnsafe(capacity)
      view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      at = 0
      return taken
    },
  }
}
