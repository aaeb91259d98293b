import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { defineChannel } from '../../contracts/channel.ts'

const settings = z.strictObject({
  kind: z.literal('log'),
  file: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'is a file name without folders')
    .default('notifications.jsonl')
    .meta({ description: 'name of the file in the folder `channels` of the data directory' }),
})

export default defineChannel({
  kind: 'log',
  title: 'A line of JSON for each event, appended to a file on the server',
  settings,
  async deliver({ deliveryId, time, project, channel, event }, { file }, { folder }) {
    await mkdir(folder, { recursive: true })
    const handle = await open(join(folder, file), 'a', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify({ time, deliveryId, project, channel, event })}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    return { delivered: true }
  },
})
