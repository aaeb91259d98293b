import { z } from 'zod'
import { readableBy } from '../../contracts/readable-by.ts'
import { payloads } from '../payloads/index.generated.ts'

type Form = { format: string; [setting: string]: unknown }

/** `payload:` of a stream: one form for each format. */
export const payloadForm = (
  z.discriminatedUnion('format', payloads.map(({ config }) => config) as never) as unknown as z.ZodType<Form>
)
  .check(readableBy((value) => payloads.find(({ format }) => format === value.format)?.open(value)))
  .default({ format: 'json' })
  .meta({ description: 'form of the messages; JSON when absent' })
