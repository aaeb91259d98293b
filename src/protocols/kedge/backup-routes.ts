import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Backups } from '../../backup/create-backup.ts'
import { route } from '../route.ts'

/** Backups of the running server. */
export function backupRoutes(app: FastifyInstance, { backups }: { backups: Backups }): void {
  route(app, {
    method: 'POST',
    url: '/api/v1/backups',
    permission: 'admin',
    summary: 'Copies everything that the server stores into a new folder, while it runs',
    tag: 'server',
    body: z.strictObject({
      path: z.string().min(1).max(4000).optional().describe('absolute, on the machine of the server; must not exist'),
    }),
    answer: z.object({ jobId: z.number(), project: z.string().describe('under which the job is found') }),
    status: 202,
    handler: ({ actor, body }) => backups.start({ actor }, body.path),
  })
}
