import { z } from 'zod'
import { defineStreamSource, streamSettings } from '../../contracts/stream-source.ts'
import { payloadForm } from './payload-form.ts'

// an id of a row is not looked at: what a caller repeats it repeats with its idempotency key
const { columns, time, land, versions, buffer } = streamSettings(payloadForm)

export default defineStreamSource({
  kind: 'push',
  title: 'Rows that programs send to POST /api/v1/projects/PROJECT/streams/NAME/rows',
  config: z.strictObject({ kind: z.literal('push'), columns, time, land, versions, buffer }).meta({ id: 'PushSource' }),
  columns: [],
})
