import { createHash } from 'node:crypto'

export interface ChainedFields {
  id: number
  time: number
  type: string
  project: string
  actor: string
  subject: string
  data: string
  cause: number | null
}

/** What the first event follows. */
export const genesis = '0'.repeat(64)

/** SHA-256 (hex) over the hash of the event before and every field of this one, in a fixed order. */
export function chainHash(previous: string, fields: ChainedFields): string {
  const text = JSON.stringify([
    previous,
    fields.id,
    fields.time,
    fields.type,
    fields.project,
    fields.actor,
    fields.subject,
    fields.data,
    fields.cause,
  ])
  return createHash('sha256').update(text).digest('hex')
}
