import { z } from 'zod'

/** Share of the judged rows that must fulfil an expectation. */
export const mostly = z
  .number()
  .min(0)
  .max(1)
  .default(1)
  .meta({ description: 'share of the values that must; those that are missing are not judged' })
