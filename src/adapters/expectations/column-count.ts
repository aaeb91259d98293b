import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

export default defineExpectation({
  kind: 'column_count',
  title: 'The version has so many columns',
  config: z
    .strictObject({ min: z.number().int().min(0).optional(), max: z.number().int().min(0).optional() })
    .refine((config) => config.min !== undefined || config.max !== undefined, 'needs min or max'),
  judge({ min, max }, _, { columns }) {
    const found = columns.length
    const ok = (min === undefined || found >= min) && (max === undefined || found <= max)
    return {
      ok,
      observed: found,
      message: ok ? `${found} columns` : `${found} columns, not ${min ?? 0} to ${max ?? '∞'}`,
    }
  },
})
