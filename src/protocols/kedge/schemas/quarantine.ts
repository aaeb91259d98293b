import { z } from 'zod'

const state = z.enum(['open', 'corrected', 'discarded'])
const text = z.string().nullable()

export const quarantinePage = z
  .object({
    columns: z.array(z.string()).meta({ description: 'of the source' }),
    items: z.array(
      z.object({
        row: z.number().meta({ description: 'its place in the source, from 0' }),
        step: z.number().meta({ description: '0: it could not be read' }),
        operation: z.string(),
        reason: z.string(),
        value: text.meta({ description: 'the value at fault' }),
        bytes: z
          .record(z.string(), z.string())
          .nullable()
          .meta({ description: 'original bytes of texts that are no valid UTF-8: column → hex' }),
        from: text.meta({ description: 'the dataset version that a step has added it from' }),
        values: z.array(text).meta({ description: 'as the source gave them, as text, in the order of the columns' }),
        state,
      }),
    ),
    total: z.number(),
    counts: z.object({ open: z.number(), corrected: z.number(), discarded: z.number() }),
    reasons: z.array(
      z.object({ step: z.number(), operation: z.string(), reason: z.string(), rows: z.number(), open: z.number() }),
    ),
  })
  .meta({ id: 'QuarantinePage' })

export const discardAnswer = z
  .object({
    id: z.number(),
    version: z.number(),
    original: z.record(z.string(), text).nullable().meta({ description: 'null: all rows of the reason' }),
    step: z.number().nullable(),
    reason: z.string().nullable(),
    rows: z.number(),
    why: z.string(),
    actor: z.string(),
    createdAt: z.number(),
  })
  .meta({ id: 'Discard' })
