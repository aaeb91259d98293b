import { z } from 'zod'

const time = z.number().meta({ description: 'milliseconds since 1970' })

export const streamAnswer = z
  .object({
    project: z.string(),
    name: z.string(),
    kind: z.string(),
    state: z.enum(['running', 'paused']).meta({ description: 'what was asked for' }),
    connection: z
      .enum(['connected', 'connecting', 'stopped'])
      .meta({ description: 'how its reader is; stopped: no process reads it now' }),
    problem: z.string().nullable().meta({ description: 'why it does not go on, and what to do' }),
    rate: z.number().meta({ description: 'rows a second, over the last ten seconds' }),
    lag: z.number().nullable().meta({ description: 'messages that wait at the peer; null where it does not tell' }),
    node: z.string().nullable().meta({ description: 'the process that reads it' }),
    at: time.meta({ description: 'when the reader said so' }),
    landed: z.number().meta({ description: 'rows that are durable' }),
    deadLetters: z.number().meta({ description: 'messages that could not be landed and are kept as they came' }),
    repeated: z.number().meta({ description: 'messages that were landed already and came again' }),
    buffered: z
      .object({ rows: z.number(), bytes: z.number() })
      .meta({ description: 'durable, but in no micro-batch yet' }),
    batches: z
      .object({ files: z.number(), rows: z.number(), bytes: z.number() })
      .meta({ description: 'micro-batches, which datasets are made of' }),
    columns: z.array(z.string()),
    landedAt: time.nullable(),
  })
  .meta({ id: 'Stream' })

export const streamList = z.object({ items: z.array(streamAnswer) })

export const pushAnswer = z
  .object({
    landed: z.number().meta({ description: 'rows that are durable now' }),
    rejected: z.number().meta({ description: 'rows that could not be landed; they are dead letters' }),
    errors: z
      .array(z.object({ row: z.number(), what: z.string() }))
      .meta({ description: 'the first hundred of these, by their place in the request, from 0' }),
    first: z.number().nullable().meta({ description: '_sequence of the first landed row' }),
    repeated: z.boolean().meta({ description: 'the same was pushed before under this key: nothing was landed now' }),
  })
  .meta({ id: 'Pushed' })

export const deadLetterList = z.object({
  items: z.array(
    z
      .object({
        sequence: z.number(),
        receivedAt: time,
        place: z.string().meta({ description: 'topic, topic/partition/offset, or row of a push' }),
        topic: z.string(),
        reason: z.string(),
        columns: z.record(z.string(), z.unknown()).meta({ description: 'what was known without the payload' }),
        payload: z.string().meta({ description: 'the original bytes, base64' }),
      })
      .meta({ id: 'DeadLetter' }),
  ),
  total: z.number(),
})
