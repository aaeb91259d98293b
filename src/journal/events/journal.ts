import { z } from 'zod'
import { event } from '../event.ts'

export const journalEvents = {
  'server.started': event('A control process started', z.object({ version: z.string(), roles: z.array(z.string()) })),
  'reader.skipped': event(
    'A reader of the journal gave up on one event after repeated failures',
    z.object({ reader: z.string(), event: z.number(), error: z.string() }),
  ),
}
