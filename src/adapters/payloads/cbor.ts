import { decode } from 'cborg'
import { z } from 'zod'
import { definePayload } from '../../contracts/payload.ts'
import { oneOrMany } from './one-or-many.ts'

/** Numbers of tags that RFC 8949 defines: times as text and as seconds, large whole numbers. */
const big = (bytes: Uint8Array) => bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
const tags: Record<number, (decode: () => unknown) => unknown> = {
  0: (inner) => inner(),
  1: (inner) => new Date(Number(inner()) * 1000),
  2: (inner) => big(inner() as Uint8Array),
  3: (inner) => -1n - big(inner() as Uint8Array),
}

export default definePayload({
  format: 'cbor',
  title: 'CBOR (RFC 8949): a map, a list of maps, or a bare value (column `value`)',
  config: z.strictObject({ format: z.literal('cbor') }).meta({ id: 'CborPayload' }),
  open: () => ({
    decode({ payload }) {
      let value: unknown
      try {
        value = decode(payload, { tags: tags as never, allowBigInt: true, rejectDuplicateMapKeys: true })
      } catch (error) {
        throw new Error(`is not valid CBOR: ${(error as Error).message.slice(0, 160)}`)
      }
      return oneOrMany(value)
    },
  }),
})
