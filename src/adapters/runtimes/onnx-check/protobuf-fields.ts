/** One field of a protobuf message: a number for varints and fixed sizes, the bytes for everything with a length. */
export interface Field {
  number: number
  value: bigint | Uint8Array
}

export class ProtobufDamaged extends Error {}

/** The fields of a message, in order. Throws `ProtobufDamaged` with the place where the bytes are no message any more. */
export function* protobufFields(bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const damaged = () => new ProtobufDamaged(`damaged or cut off at byte ${bytes.byteOffset + at}`)
  const varint = () => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw damaged()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw damaged()
  }
  const skip = (length: number) => {
    if (length > bytes.byteLength - at) throw damaged()
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.byteLength) {
    const key = varint()
    const number = Number(key >> 3n)
    if (number === 0) throw damaged()
    switch (Number(key & 7n)) {
      case 0:
        yield { number, value: varint() }
        break
      case 1:
        skip(8)
        yield { number, value: view.getBigUint64(at - 8, true) }
        break
      case 2: {
        const length = varint()
        if (length > BigInt(bytes.byteLength)) throw damaged()
        yield { number, value: skip(Number(length)) }
        break
      }
      case 5:
        skip(4)
        yield { number, value: BigInt(view.getUint32(at - 4, true)) }
        break
      default:
        throw damaged()
    }
  }
}

const decoder = new TextDecoder()
/** Throws `ProtobufDamaged` where a number stands. */
export function bytesOf({ value }: Field): Uint8Array {
  if (typeof value === 'bigint') throw new ProtobufDamaged('damaged: a number stands where a message should')
  return value
}
export const textOf = (field: Field): string => decoder.decode(bytesOf(field))
/** The numbers of a repeated field, packed or not. */
export function numbersOf({ value }: Field): bigint[] {
  if (typeof value === 'bigint') return [BigInt.asIntN(64, value)]
  const numbers: bigint[] = []
  let number = 0n
  let shift = 0n
  for (const byte of value) {
    number |= BigInt(byte & 0x7f) << shift
    shift += 7n
    if (byte < 0x80) {
      numbers.push(BigInt.asIntN(64, number))
      number = 0n
      shift = 0n
    } else if (shift > 63n) throw new ProtobufDamaged('damaged: a number has no end')
  }
  return numbers
}
