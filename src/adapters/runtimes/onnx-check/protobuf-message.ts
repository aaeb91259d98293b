const varint = (value: bigint): number[] =>
  value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)]

/** A field that holds a number. */
export const numberField = (field: number, value: number | bigint): Buffer =>
  Buffer.from([...varint(BigInt(field) << 3n), ...varint(BigInt.asUintN(64, BigInt(value)))])

/** A field that holds a text, bytes or the fields of another message. */
export function bytesField(field: number, ...content: (Uint8Array | string)[]): Buffer {
  const parts = content.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Buffer.from([...varint((BigInt(field) << 3n) | 2n), ...varint(BigInt(length))]), ...parts])
}
