import { z } from 'zod'
import { columnTypes } from '../../contracts/column.ts'

/** What a team promises about a dataset to those who read it. */
export const dataContract = z
  .strictObject({
    owner: z
      .string()
      .min(1)
      .max(200)
      .meta({ description: 'who answers for it: a person or a team, and how to reach them' }),
    description: z.string().max(5000).optional().meta({ description: 'what a row is' }),
    columns: z
      .record(
        z.string(),
        z.strictObject({
          type: z.enum(columnTypes),
          meaning: z.string().max(2000).optional(),
          required: z.boolean().default(false).meta({ description: 'has a value in every row' }),
          unique: z.boolean().default(false),
        }),
      )
      .default({})
      .meta({ description: 'columns that readers may rely on' }),
    freshness: z
      .string()
      .regex(/^\d+(\.\d+)?[smhdw]$/, 'a number and s, m, h, d or w, for example 36h')
      .optional()
      .meta({ description: 'how old the newest row may be when a version is made; by the column of time:' }),
    exact: z.boolean().default(false).meta({ description: 'there are no other columns' }),
  })
  .meta({
    description:
      'what is promised about the dataset to those who read it; a breaking change is shown before it is applied',
  })

export type DataContract = z.output<typeof dataContract>
