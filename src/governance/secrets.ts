import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import { openSealed, seal } from './seal.ts'

export interface Secrets {
  put(context: ChangeContext, project: string, name: string, value: string): Promise<void>
  /** Errors: `not_found`; `conflict` when the key is not the one that sealed it. */
  get(project: string, name: string): Promise<string>
  /** names only: a value is never listed */
  list(project: string): Promise<{ name: string; updatedAt: number }[]>
  delete(context: ChangeContext, project: string, name: string): Promise<void>
}

/** Secrets at rest: AES-256-GCM, bound to project and name so that a sealed value cannot be moved to another. */
export function createSecrets({ store, journal }: Pick<Environment, 'store' | 'journal'>, key: Buffer): Secrets {
  return {
    async put(context, project, name, value) {
      const sealed = seal(key, project, name, value)
      await journal.change(context, async (change) => {
        await change.db
          .insertInto('secrets')
          .values({ project, name, sealed, updated_at: change.now })
          .onConflict((c) => c.columns(['project', 'name']).doUpdateSet({ sealed, updated_at: change.now }))
          .execute()
        change.append({ type: 'secret.stored', project, subject: `secret/${name}`, data: { name } })
      })
    },
    async get(project, name) {
      const row = await store.read
        .selectFrom('secrets')
        .select('sealed')
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst()
      if (!row) throw new KedgeError('not_found', { kind: 'Secret', name })
      return openSealed(key, project, name, row.sealed)
    },
    async list(project) {
      const rows = await store.read
        .selectFrom('secrets')
        .select(['name', 'updated_at'])
        .where('project', '=', project)
        .orderBy('name')
        .execute()
      return rows.map((row) => ({ name: row.name, updatedAt: row.updated_at }))
    },
    async delete(context, project, name) {
      await journal.change(context, async (change) => {
        const done = await change.db
          .deleteFrom('secrets')
          .where('project', '=', project)
          .where('name', '=', name)
          .executeTakeFirst()
        if (done.numDeletedRows === 0n) throw new KedgeError('not_found', { kind: 'Secret', name })
        change.append({ type: 'secret.deleted', project, subject: `secret/${name}`, data: { name } })
      })
    },
  }
}

/** The key from its 64 hex digits, or from `secret.key` in the data directory, made at the first start (mode 0600). */
export function secretKey(dataDirectory: string, hex: string | undefined): Buffer {
  if (hex !== undefined) {
    if (!/^[0-9a-f]{64}$/i.test(hex))
      throw new KedgeError('invalid_input', { what: 'KEDGE_SECRET_KEY must be 64 hex digits' })
    return Buffer.from(hex, 'hex')
  }
  const path = join(dataDirectory, 'secret.key')
  if (!existsSync(path)) {
    writeFileSync(`${path}.new`, randomBytes(32).toString('hex'), { mode: 0o600, flush: true })
    renameSync(`${path}.new`, path)
  }
  return Buffer.from(readFileSync(path, 'utf8').trim(), 'hex')
}
