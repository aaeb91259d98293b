import { z } from 'zod'
import { event } from '../event.ts'

export const governanceEvents = {
  'project.created': event('A project was created', z.object({ name: z.string() })),
  'token.created': event('A token was made', z.object({ name: z.string(), role: z.string(), scope: z.string() })),
  'token.revoked': event('A token was revoked', z.object({ name: z.string() })),
  'secret.stored': event('A secret was stored or replaced', z.object({ name: z.string() })),
  'secret.deleted': event('A secret was deleted', z.object({ name: z.string() })),
}
