import { z } from 'zod'

export const journalEvent = z.object({
  id: z.number(),
  time: z.number().describe('milliseconds since 1970'),
  type: z.string(),
  project: z.string(),
  actor: z.string(),
  subject: z.string().describe('kind/name of what changed'),
  data: z.unknown(),
  cause: z.number().nullable().describe('id of the event that led to this one'),
  hash: z.string(),
})

export const lineageGraph = z.object({
  things: z.array(z.object({ subject: z.string(), distance: z.number() })),
  edges: z.array(z.object({ thing: z.string(), source: z.string(), relation: z.string(), eventId: z.number() })),
})
