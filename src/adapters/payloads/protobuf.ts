import protobuf from 'protobufjs'
import { z } from 'zod'
import { definePayload, type PayloadRow } from '../../contracts/payload.ts'
import { KedgeError } from '../../errors.ts'
import { afterFrame, afterIndexes, framing } from './confluent-frame.ts'

export default definePayload({
  format: 'protobuf',
  title: 'Protocol Buffers: one message of a declared type',
  config: z
    .strictObject({
      format: z.literal('protobuf'),
      schema: z.string().min(1).max(1_000_000).meta({ description: 'text of the .proto file' }),
      message: z.string().min(1).meta({ description: 'name of the type, with its package' }),
      framing,
    })
    .meta({ id: 'ProtobufPayload' }),
  open({ schema, message, framing }) {
    let type: protobuf.Type
    try {
      type = protobuf.parse(schema, { keepCase: true }).root.lookupType(message)
    } catch (error) {
      throw new KedgeError('invalid_input', { what: `payload: ${(error as Error).message}` })
    }
    return {
      decode({ payload }) {
        try {
          const bytes = framing === 'confluent' ? afterIndexes(afterFrame(payload)) : payload
          const value = type.decode(bytes)
          return [type.toObject(value, { longs: String, enums: String, oneofs: false }) as PayloadRow]
        } catch (error) {
          throw new Error(`is no ${message}: ${(error as Error).message.slice(0, 160)}`)
        }
      },
    }
  },
})
