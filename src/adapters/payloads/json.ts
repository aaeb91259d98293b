import { isUtf8 } from 'node:buffer'
import { z } from 'zod'
import { definePayload, parseExact } from '../../contracts/payload.ts'
import { oneOrMany } from './one-or-many.ts'

export default definePayload({
  format: 'json',
  title: 'JSON: an object, a list of objects, or a bare value (column `value`)',
  config: z.strictObject({ format: z.literal('json') }).meta({ id: 'JsonPayload' }),
  open: () => ({
    decode({ payload }) {
      if (!isUtf8(payload)) throw new Error('is not valid UTF-8')
      const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString()
      let value: unknown
      try {
        value = parseExact(text)
      } catch (error) {
        throw new Error(`is not valid JSON: ${(error as Error).message.slice(0, 160)}`)
      }
      return oneOrMany(value)
    },
  }),
})
