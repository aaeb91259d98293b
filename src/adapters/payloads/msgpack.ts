import { z } from 'zod'
import { definePayload } from '../../contracts/payload.ts'
import { loadWhenUsed } from './load-when-used.ts'
import { oneOrMany } from './one-or-many.ts'

export default definePayload({
  format: 'msgpack',
  title: 'MessagePack: a map, a list of maps, or a bare value (column `value`)',
  config: z.strictObject({ format: z.literal('msgpack') }).meta({ id: 'MessagePackPayload' }),
  open() {
    const { decode } = loadWhenUsed('@msgpack/msgpack') as typeof import('@msgpack/msgpack')
    return {
      decode({ payload }) {
        let value: unknown
        try {
          value = decode(payload, { useBigInt64: true })
        } catch (error) {
          throw new Error(`is not valid MessagePack: ${(error as Error).message.slice(0, 160)}`)
        }
        return oneOrMany(value)
      },
    }
  },
})
