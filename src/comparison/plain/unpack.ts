import { NeedsEngine } from './needs-engine.ts'

/** Wider indices than a sum of shifts holds; a dictionary of that many values is none. */
const WIDEST = 24

export interface HybridReader {
  /** Fills the first `n` places of `out`. */
  read(out: Int32Array, n: number): void
}

/**
 * Reads Parquet's hybrid of runs and packed bits; every value must be less than `bound`.
 * Source: Parquet, encodings, "Run Length Encoding / Bit-Packing Hybrid".
 */
export function createHybridReader(
  bytes: Uint8Array,
  from: number,
  to: number,
  width: number,
  bound: number,
): HybridReader {
  if (width > WIDEST) throw new NeedsEngine(`indices of ${width} bits`)
  let at = from
  /** values that are left of the run */
  let left = 0
  let packed = false
  let repeated = 0
  /** of a packed run: the bit at which the next value begins, from `at` on */
  let bit = 0
  let runEnd = from

  function nextRun() {
    at = runEnd
    let header = 0
    for (let shift = 0; ; shift += 7) {
      if (at >= to || shift > 28) throw new NeedsEngine('a run is damaged')
      const byte = bytes[at++]!
      header |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    packed = (header & 1) === 1
    left = packed ? (header >>> 1) * 8 : header >>> 1
    if (left === 0) throw new NeedsEngine('a run is empty')
    bit = 0
    if (packed) {
      runEnd = at + (header >>> 1) * width
      // the last run's padding may be cut off
      if (runEnd > to) left = Math.floor(((to - at) * 8) / Math.max(1, width))
    } else {
      repeated = 0
      for (let i = 0; i < width; i += 8) repeated |= bytes[at++]! << i
      if (repeated >= bound) throw new NeedsEngine('an index without a value')
      runEnd = at
    }
  }

  return {
    read(out, n) {
      for (let filled = 0; filled < n; ) {
        if (left === 0) nextRun()
        const end = Math.min(n, filled + left)
        left -= end - filled
        if (!packed) {
          out.fill(repeated, filled, end)
          filled = end
          continue
        }
        // four bytes at once hold any value, but at the end there are no four
        const fours = filled + Math.floor(((bytes.length - 4 - at) * 8 - bit) / Math.max(1, width))
        const whole = Math.max(filled, Math.min(end, fours))
        const largest = Math.max(
          unpackFours(bytes, at, bit, width, out, filled, whole),
          unpackBits(bytes, at, bit + (whole - filled) * width, width, out, whole, end),
        )
        bit += (end - filled) * width
        filled = end
        if (largest >= bound) throw new NeedsEngine('an index without a value')
      }
    },
  }
}

/** Fills `out` from `from` to `to` with packed values that begin at a bit; gives the largest. */
function unpackFours(
  bytes: Uint8Array,
  at: number,
  firstBit: number,
  width: number,
  out: Int32Array,
  from: number,
  to: number,
): number {
  const mask = 2 ** width - 1
  let largest = 0
  let bit = firstBit
  for (let i = from; i < to; i++) {
    const b = at + (bit >>> 3)
    const four = bytes[b]! | (bytes[b + 1]! << 8) | (bytes[b + 2]! << 16) | (bytes[b + 3]! << 24)
    const value = (four >>> (bit & 7)) & mask
    out[i] = value
    if (value > largest) largest = value
    bit += width
  }
  return largest
}

/** The same bit by bit. */
function unpackBits(
  bytes: Uint8Array,
  at: number,
  firstBit: number,
  width: number,
  out: Int32Array,
  from: number,
  to: number,
): number {
  let largest = 0
  let bit = firstBit
  for (let i = from; i < to; i++) {
    let value = 0
    for (let k = 0; k < width; k++, bit++) value |= ((bytes[at + (bit >>> 3)]! >>> (bit & 7)) & 1) << k
    out[i] = value
    if (value > largest) largest = value
  }
  return largest
}
