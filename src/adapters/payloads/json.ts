import { z } from 'zod'
import { definePayload } from '../../contracts/payload.ts'
import { oneOrMany } from './one-or-many.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })
/** what a double may not hold exactly */
const manyDigits = /\d{16}/

type Source = { source?: string }
/** Whole numbers that a double would round stay as they were sent. */
const exact = (_key: string, value: unknown, context?: Source) =>
  typeof value === 'number' && context?.source && /^-?\d+$/.test(context.source) && !Number.isSafeInteger(value)
    ? BigInt(context.source)
    : value

export default definePayload({
  format: 'json',
  title: 'JSON: an object, a list of objects, or a bare value (column `value`)',
  config: z.strictObject({ format: z.literal('json') }).meta({ id: 'JsonPayload' }),
  open: () => ({
    decode({ payload }) {
      let text: string
      try {
        text = utf8.decode(payload)
      } catch {
        throw new Error('is not valid UTF-8')
      }
      let value: unknown
      try {
        value = manyDigits.test(text) ? JSON.parse(text, exact as never) : JSON.parse(text)
      } catch (error) {
        throw new Error(`is not valid JSON: ${(error as Error).message.slice(0, 160)}`)
      }
      return oneOrMany(value)
    },
  }),
})
