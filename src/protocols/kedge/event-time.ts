import { z } from 'zod'

export const latest = 4_102_444_800_000

/** Of a query: milliseconds since 1970, or ISO 8601 (a date alone is its midnight UTC). */
export const eventTime = z.string().transform((text, context) => {
  const value = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (value >= 0 && value <= latest) return value
  context.addIssue({ code: 'custom', message: 'is neither milliseconds since 1970 nor ISO 8601' })
  return z.NEVER
})
