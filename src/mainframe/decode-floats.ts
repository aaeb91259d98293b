import { fault, mark, type Rows } from './rows.ts'

/** Reads COMP-1 (4 bytes) or COMP-2 (8 bytes) as doubles. IBM: sign, 7 bits of a power of 16 (excess 64), a fraction. */
export function floatsReader(size: number, form: 'ibm' | 'ieee', littleEndian: boolean) {
  // built up by doubling, which is exact
  const powers = new Float64Array(128).fill(size === 4 ? 2 ** -24 : 2 ** -56)
  for (let i = 65; i < 128; i++) powers[i] = powers[i - 1]! * 16
  for (let i = 63; i >= 0; i--) powers[i] = powers[i + 1]! / 16
  return (
    rows: Rows,
    at: Uint32Array,
    offset: number,
    mask: Uint8Array | undefined,
    step: number,
    out: Float64Array,
    nulls: Uint8Array,
  ): void => {
    const { bytes, count } = rows
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let i = 0; i < count; i++) {
      if (mask !== undefined && mask[i] === 0) {
        nulls[i] = 1
        continue
      }
      const from = at[i]! + offset
      if (form === 'ieee') {
        const value = size === 4 ? view.getFloat32(from, littleEndian) : view.getFloat64(from, littleEndian)
        out[i] = value
        if (!Number.isFinite(value)) {
          nulls[i] = 1
          mark(rows, i, fault.float, from, step)
        }
        continue
      }
      const first = bytes[from]!
      const high = (bytes[from + 1]! << 16) | (bytes[from + 2]! << 8) | bytes[from + 3]!
      const fraction = size === 4 ? high : high * 4294967296 + view.getUint32(from + 4)
      const value = fraction * powers[first & 127]!
      out[i] = first > 127 ? -value : value
    }
  }
}
