import type { Schema, Type } from 'avsc'
import { z } from 'zod'
import { definePayload } from '../../contracts/payload.ts'
import { KedgeError } from '../../errors.ts'
import { afterFrame, framing } from './confluent-frame.ts'
import { loadWhenUsed } from './load-when-used.ts'
import { oneOrMany } from './one-or-many.ts'

/** The type of a schema, with whole numbers of 64 bits as bigint, so that none is rounded. Throws at a wrong schema. */
function typeOf(schema: Schema): Type {
  const { types, Type } = loadWhenUsed('avsc') as typeof import('avsc')
  const long = types.LongType.__with({
    fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigInt64LE(BigInt(value))
      return bytes
    },
    fromJSON: BigInt,
    toJSON: String,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
  } as never)
  return Type.forSchema(schema, { registry: { long }, wrapUnions: false })
}

export default definePayload({
  format: 'avro',
  title: 'Avro: one binary value of a declared schema',
  config: z
    .strictObject({
      format: z.literal('avro'),
      schema: z.union([z.string().max(1_000_000), z.looseObject({})]).meta({ description: 'the Avro schema, as JSON' }),
      framing,
    })
    .meta({ id: 'AvroPayload' }),
  open({ schema, framing }) {
    let type: Type
    try {
      type = typeOf((typeof schema === 'string' ? JSON.parse(schema) : schema) as Schema)
    } catch (error) {
      throw new KedgeError('invalid_input', { what: `payload: the Avro schema is wrong: ${(error as Error).message}` })
    }
    return {
      decode({ payload }) {
        try {
          const bytes = framing === 'confluent' ? afterFrame(payload) : payload
          return oneOrMany(type.fromBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)))
        } catch (error) {
          throw new Error(`does not fit the Avro schema: ${(error as Error).message.slice(0, 160)}`)
        }
      },
    }
  },
})
