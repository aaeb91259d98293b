import { z } from 'zod'

/** What says how a sheet is read. */
export const excelSettings = {
  sheet: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: 'name of the sheet; the first that is shown when absent' }),
  header: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(1)
    .meta({ description: 'number of the row with the names; 0: there is none, and columns are called A, B …' }),
  merged: z
    .enum(['first', 'all'])
    .default('first')
    .meta({ description: 'which of cells that are merged have their value' }),
}
export type ExcelSettings = z.output<z.ZodObject<typeof excelSettings>>

export const excelFaults = {
  error: 'a cell has an error',
  uncomputed: 'a formula has no value',
  wide: 'more cells than names',
}
