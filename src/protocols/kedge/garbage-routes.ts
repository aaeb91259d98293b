import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Garbage } from '../../garbage/create-garbage.ts'
import { route } from '../route.ts'

/** Collection of what was deleted and of bytes that nothing needs. */
export function garbageRoutes(app: FastifyInstance, { garbage }: { garbage: Garbage }): void {
  route(app, {
    method: 'POST',
    url: '/api/v1/garbage',
    permission: 'admin',
    summary:
      'Finds what was deleted and the bytes that nothing needs, and takes them away for good; the result of the job says what and why',
    tag: 'server',
    body: z.strictObject({
      dryRun: z.boolean().default(true).describe('only says what would go'),
      graceMs: z
        .number()
        .int()
        .min(0)
        .max(3650 * 86_400_000)
        .default(7 * 86_400_000)
        .describe(
          'what was deleted, or put, less than this many milliseconds ago stays; bytes stay an hour at least, as they may be on their way',
        ),
    }),
    answer: z.object({ jobId: z.number(), project: z.string().describe('under which the job is found') }),
    status: 202,
    handler: ({ actor, body }) => garbage.start({ actor }, body),
  })
}
