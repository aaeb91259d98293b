import { z } from 'zod'
import { payloads } from '../payloads/index.generated.ts'

type Form = { format: string; [setting: string]: unknown }

/** `payload:` of a stream: one form for each format. */
export const payloadForm = (
  z.discriminatedUnion('format', payloads.map(({ config }) => config) as never) as unknown as z.ZodType<Form>
)
  .check((context) => {
    const { value } = context
    try {
      payloads.find(({ format }) => format === value.format)?.open(value)
    } catch (error) {
      context.issues.push({ code: 'custom', input: value, message: (error as Error).message })
    }
  })
  .default({ format: 'json' })
  .meta({ description: 'form of the messages; JSON when absent' })
