import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

export default defineExpectation({
  kind: 'row_count',
  title: 'The version has so many rows',
  config: z
    .strictObject({ min: z.number().int().min(0).optional(), max: z.number().int().min(0).optional() })
    .refine((config) => config.min !== undefined || config.max !== undefined, 'needs min or max'),
  statistics: () => ({ rows: 'count()' }),
  judge({ min, max }, statistics) {
    const rows = Number(statistics.rows)
    const ok = (min === undefined || rows >= min) && (max === undefined || rows <= max)
    return { ok, observed: rows, message: ok ? `${rows} rows` : `${rows} rows, not ${min ?? 0} to ${max ?? '∞'}` }
  },
})
