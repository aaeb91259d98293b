import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import type { Permission } from './permission.ts'
import { type RoleName, roles } from './role.ts'

export interface Caller {
  actor: string
  may(permission: Permission, project: string | undefined): boolean
}

export interface TokenInfo {
  name: string
  role: RoleName
  /** `*` for all projects */
  project: string
  createdAt: number
  expiresAt: number | null
  revokedAt: number | null
}

export interface TokensOptions {
  /** `none`: whoever reaches the server may do everything that is not internal */
  auth: 'none' | 'token'
  adminToken: string | undefined
  /** what Kedge's own processes send */
  internalSecret: string
}

export interface Tokens {
  /** Makes a token; its text is in the answer and nowhere else. */
  create(
    context: ChangeContext,
    token: { name: string; role: RoleName; project: string; expiresAt?: number },
  ): Promise<{ token: string }>
  list(): Promise<TokenInfo[]>
  revoke(context: ChangeContext, name: string): Promise<void>
  /** A token with which a step of the project calls this server for a day; nothing is stored of it. */
  forStep(project: string): string
  /** Who sends this `Authorization` header (Bearer, or Basic with the token as password, as MLflow's clients do). */
  identify(authorization: string | undefined): Promise<Caller | undefined>
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const same = (a: string, b: string) => timingSafeEqual(Buffer.from(digest(a)), Buffer.from(digest(b)))
const cacheFor = 5000
const stepTime = 86_400_000

/** Tokens are 256 random bits, so a plain hash of them is as good as a slow one. */
export function createTokens(
  { store, journal, clock }: Pick<Environment, 'store' | 'journal' | 'clock'>,
  options: TokensOptions,
): Tokens {
  const cache = new Map<string, { caller: Caller | undefined; until: number }>()
  const local: Caller = { actor: 'local', may: (permission) => permission !== 'internal' }
  const internal: Caller = { actor: 'kedge', may: () => true }
  const admin: Caller = { actor: 'token/admin', may: (permission) => permission !== 'internal' }

  async function lookUp(token: string): Promise<Caller | undefined> {
    const row = await store.read.selectFrom('tokens').selectAll().where('hash', '=', digest(token)).executeTakeFirst()
    if (!row || row.revoked_at !== null || (row.expires_at !== null && row.expires_at < clock())) return undefined
    const permissions = roles[row.role as RoleName]
    return {
      actor: `token/${row.name}`,
      may: (permission, project) => permissions.has(permission) && (row.project === '*' || row.project === project),
    }
  }

  const seal = (text: string) => createHmac('sha256', options.internalSecret).update(text).digest('base64url')

  function stepOf(token: string): Caller | undefined {
    const [, project, expires, mark] = /^kedgestep\.([^.]+)\.(\d+)\.([\w-]+)$/.exec(token) ?? []
    if (!project || !mark || !same(mark, seal(`step ${project} ${expires}`)) || Number(expires) < clock())
      return undefined
    return { actor: 'step', may: (permission, asked) => roles.editor.has(permission) && asked === project }
  }

  return {
    forStep(project) {
      const expires = clock() + stepTime
      return `kedgestep.${project}.${expires}.${seal(`step ${project} ${expires}`)}`
    },
    async create(context, { name, role, project, expiresAt }) {
      const token = `kedge_${randomBytes(32).toString('base64url')}`
      await journal.change(context, async (change) => {
        const taken = await change.db.selectFrom('tokens').select('name').where('name', '=', name).executeTakeFirst()
        if (taken) throw new KedgeError('already_exists', { kind: 'Token', name })
        await change.db
          .insertInto('tokens')
          .values({
            name,
            hash: digest(token),
            role,
            project,
            created_at: change.now,
            expires_at: expiresAt ?? null,
            revoked_at: null,
          })
          .execute()
        change.append({
          type: 'token.created',
          project: project === '*' ? '' : project,
          subject: `token/${name}`,
          data: { name, role, scope: project },
        })
      })
      return { token }
    },
    async list() {
      const rows = await store.read.selectFrom('tokens').selectAll().orderBy('name').execute()
      return rows.map((row) => ({
        name: row.name,
        role: row.role as RoleName,
        project: row.project,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
        revokedAt: row.revoked_at,
      }))
    },
    async revoke(context, name) {
      await journal.change(context, async (change) => {
        const done = await change.db
          .updateTable('tokens')
          .set({ revoked_at: change.now })
          .where('name', '=', name)
          .where('revoked_at', 'is', null)
          .executeTakeFirst()
        if (done.numUpdatedRows === 0n) throw new KedgeError('not_found', { kind: 'Token', name })
        change.append({ type: 'token.revoked', project: '', subject: `token/${name}`, data: { name } })
      })
      cache.clear()
    },
    async identify(authorization) {
      const token = tokenOf(authorization)
      if (token === undefined) return options.auth === 'none' ? local : undefined
      if (same(token, options.internalSecret)) return internal
      if (options.adminToken && same(token, options.adminToken)) return admin
      const step = stepOf(token)
      if (step) return step
      const key = digest(token)
      const cached = cache.get(key)
      if (cached && cached.until > clock()) return cached.caller
      const caller = await lookUp(token)
      if (cache.size > 10_000) cache.clear()
      cache.set(key, { caller, until: clock() + cacheFor })
      return caller
    },
  }
}

function tokenOf(authorization: string | undefined): string | undefined {
  if (!authorization) return undefined
  const [scheme, value = ''] = authorization.split(' ', 2)
  if (scheme?.toLowerCase() === 'basic')
    return Buffer.from(value, 'base64')
      .toString('utf8')
      .replace(/^[^:]*:/, '')
  return value
}
