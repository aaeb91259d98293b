import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { startKedge } from '../../src/main.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at, not used
export type Body = any

export const hour = 3_600_000
export const day = 24 * hour

/** A whole server with an API to ask and a queue to wait for. */
export async function openServer(options: Record<string, unknown> = {}, clock: () => number = Date.now) {
  const directory = await mkdtemp(join(tmpdir(), 'kedge-joins-'))
  const kedge = await startKedge(
    readConfig({ port: 0, data: directory, logLevel: 'silent', roles: ['control'], ...options }),
    silentLog,
    clock,
  )

  async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const isBytes = body instanceof Uint8Array || typeof body === 'string'
    const answer = await fetch(`${kedge.address}/api/v1/projects/p${path}`, {
      method,
      headers: { ...(body === undefined || isBytes ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: isBytes ? (body as string) : JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: (text === '' ? undefined : JSON.parse(text)) as Body }
  }

  return {
    kedge,
    directory,
    address: kedge.address,
    send,
    get: async (path: string) => (await send('GET', path)).body,
    post: (path: string, body?: unknown, headers?: Record<string, string>) => send('POST', path, body, headers),

    /** Resolves when nothing waits to be computed. */
    async settled() {
      for (;;) {
        const rows = await kedge.environment.store.read
          .selectFrom('jobs')
          .select('id')
          .where('kind', 'in', ['monitoring.profile', 'monitoring.evaluate'])
          .where('state', 'in', ['queued', 'running'])
          .execute()
        if (rows.length === 0) return
        await Promise.all(rows.map(({ id }) => kedge.environment.jobs.wait(id)))
      }
    },

    /** What jobs of a kind have computed so far: the sum of a number of their results. */
    async computed(kind: string, of: string) {
      const jobs = await kedge.environment.jobs.list({ kind, limit: 1000 })
      return jobs.reduce((sum, job) => sum + ((job.result as Record<string, number> | null)?.[of] ?? 0), 0)
    },

    async close() {
      await kedge.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export type JoinServer = Awaited<ReturnType<typeof openServer>>
