import { z } from 'zod'

/** How a schema registry's producers write: a zero byte and the schema's number before the value. */
export const framing = z
  .enum(['none', 'confluent'])
  .default('none')
  .meta({ description: 'confluent: a zero byte and four bytes with the number of the schema come first' })

/** The bytes after the frame. Throws when there is none. */
export function afterFrame(payload: Uint8Array): Uint8Array {
  if (payload.length < 5 || payload[0] !== 0) throw new Error('does not begin with the frame of a schema registry')
  return payload.subarray(5)
}

/** The bytes after the list of message indexes that stands before a Protobuf value in such a frame. */
export function afterIndexes(payload: Uint8Array): Uint8Array {
  let at = 0
  const number = () => {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = payload[at++]
      if (byte === undefined) throw new Error('ends within its frame')
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    throw new Error('has a number that is too long in its frame')
  }
  const indexes = number()
  for (let i = 0; i < indexes; i++) number()
  return payload.subarray(at)
}
