import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { ChannelEnvironment, DeliveryOutcome } from '../contracts/channel.ts'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { AutomationTables, WebhookStatus } from '../storage/sql/tables/automation.ts'
import { checkMaxResults } from '../tracking/limits.ts'
import { decodePage, nextPage } from '../tracking/page-token.ts'
import { type WebhookEventName, webhookExamples } from './webhook-event.ts'

export interface Webhook {
  id: string
  project: string
  name: string
  description: string | null
  url: string
  events: WebhookEventName[]
  status: WebhookStatus
  /** whether its deliveries are signed; the key is never shown */
  signed: boolean
  createdAt: number
  updatedAt: number
}

export interface WebhookFields {
  name?: string | undefined
  description?: string | undefined
  url?: string | undefined
  events?: string[] | undefined
  /** key of the signatures; an empty one takes it away */
  secret?: string | undefined
  status?: WebhookStatus | undefined
}

/** Where the project's secrets are kept. */
export interface SecretKeeper {
  put(context: ChangeContext, project: string, name: string, value: string): Promise<void>
  delete(context: ChangeContext, project: string, name: string): Promise<void>
}

/** The secret's name with the key of a webhook. */
export const webhookSecret = (id: string) => `webhook-${id}`
/** As whose deliveries a webhook's are kept; no channel can have such a name. */
export const webhookChannel = (id: string) => `webhook/${id}`

const toWebhook = (row: Selectable<AutomationTables['webhooks']>): Webhook => ({
  id: row.id,
  project: row.project,
  name: row.name,
  description: row.description,
  url: row.url,
  events: fromJson(row.events),
  status: row.status,
  signed: row.signed === 1,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

/** The webhook with this id. Errors: `not_found`. */
export async function findWebhook(db: Change['db'], project: string, id: string): Promise<Webhook> {
  const row = await db
    .selectFrom('webhooks')
    .selectAll()
    .where('id', '=', id)
    .where('project', '=', project)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (!row) throw new KedgeError('not_found', { kind: 'Webhook with ID', name: id })
  return toWebhook(row)
}

/** MLflow's webhooks: who is told of what happens in the registry. */
export function createWebhooks(
  { store, journal }: Pick<Environment, 'store' | 'journal'>,
  options: {
    checkedHost: ChannelEnvironment['checkedHost']
    secrets: SecretKeeper
    /** sends a message at once, and says what became of it */
    send(webhook: Webhook, event: WebhookEventName, data: unknown): Promise<DeliveryOutcome>
  },
) {
  const declared = (change: Change, webhook: { id: string; name: string; project: string; events: string[] }) =>
    change.append({
      type: 'channel.declared',
      project: webhook.project,
      subject: `channel/${webhookChannel(webhook.id)}`,
      data: { channel: webhook.name, kind: 'mlflow-webhook', on: webhook.events },
    })

  return {
    async create(context: ChangeContext, project: string, fields: WebhookFields): Promise<Webhook> {
      const id = randomUUID()
      const name = checkName(fields.name ?? '')
      const events = checkEvents(fields.events ?? [])
      const url = await checkUrl(fields.url ?? '', options.checkedHost)
      if (fields.secret) await options.secrets.put(context, project, webhookSecret(id), fields.secret)
      return journal.change(context, async (change) => {
        const row = await change.db
          .insertInto('webhooks')
          .values({
            id,
            project,
            name,
            description: fields.description || null,
            url,
            events: toJson(events),
            status: fields.status ?? 'ACTIVE',
            signed: fields.secret ? 1 : 0,
            created_at: change.now,
            updated_at: change.now,
            deleted_at: null,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        declared(change, { id, name, project, events })
        return toWebhook(row)
      })
    },

    get: (project: string, id: string): Promise<Webhook> => findWebhook(store.read, project, id),

    /** Newest first. */
    async list(
      project: string,
      page: { maxResults?: number | undefined; pageToken?: string | undefined } = {},
    ): Promise<{ items: Webhook[]; next?: string }> {
      const limit = checkMaxResults(page.maxResults || undefined, 1000, 100)
      const { offset } = decodePage(page.pageToken)
      const rows = await store.read
        .selectFrom('webhooks')
        .selectAll()
        .where('project', '=', project)
        .where('deleted_at', 'is', null)
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .limit(limit + 1)
        .offset(offset)
        .execute()
      return { items: rows.slice(0, limit).map(toWebhook), ...nextPage(rows.length, limit, offset) }
    },

    /** Changes the fields that are given. */
    async update(context: ChangeContext, project: string, id: string, fields: WebhookFields): Promise<Webhook> {
      const before = await findWebhook(store.read, project, id)
      const name = fields.name ? checkName(fields.name) : before.name
      const events = fields.events?.length ? checkEvents(fields.events) : before.events
      const url = fields.url ? await checkUrl(fields.url, options.checkedHost) : before.url
      if (fields.secret) await options.secrets.put(context, project, webhookSecret(id), fields.secret)
      return journal.change(context, async (change) => {
        await findWebhook(change.db, project, id)
        const row = await change.db
          .updateTable('webhooks')
          .set({
            name,
            url,
            events: toJson(events),
            updated_at: change.now,
            ...(fields.description === undefined ? {} : { description: fields.description || null }),
            ...(fields.status === undefined ? {} : { status: fields.status }),
            ...(fields.secret === undefined ? {} : { signed: fields.secret ? 1 : 0 }),
          })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        declared(change, { id, name, project, events })
        return toWebhook(row)
      })
    },

    async delete(context: ChangeContext, project: string, id: string): Promise<void> {
      const { signed } = await journal.change(context, async (change) => {
        const webhook = await findWebhook(change.db, project, id)
        await change.db
          .updateTable('webhooks')
          .set({ deleted_at: change.now, updated_at: change.now })
          .where('id', '=', id)
          .execute()
        change.append({
          type: 'channel.removed',
          project,
          subject: `channel/${webhookChannel(id)}`,
          data: { channel: webhook.name },
        })
        return webhook
      })
      if (signed)
        await options.secrets.delete(context, project, webhookSecret(id)).catch((error) => {
          if (!(error instanceof KedgeError && error.code === 'not_found')) throw error
        })
    },

    /** Sends the example of an event, the first of its own without one. */
    async test(project: string, id: string, event?: string): Promise<DeliveryOutcome> {
      const webhook = await findWebhook(store.read, project, id)
      const [name] = event === undefined ? webhook.events : checkEvents([event])
      return options.send(webhook, name!, webhookExamples[name!])
    },
  }
}

const invalid = (what: string) => new KedgeError('invalid_input', { what })

function checkName(name: string): string {
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(name))
    throw invalid(
      `Webhook name '${name.slice(0, 100)}' is invalid. It must start and end with a letter or digit, be less than 63 characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).`,
    )
  return name
}

function checkEvents(names: string[]): WebhookEventName[] {
  if (names.length === 0) throw invalid('Webhook events must be a non-empty list')
  for (const name of names)
    if (!Object.hasOwn(webhookExamples, name))
      throw invalid(`Invalid webhook event '${name}'. Known are: ${Object.keys(webhookExamples).join(', ')}`)
  return [...new Set(names as WebhookEventName[])]
}

/** Errors: `invalid_input` for what is no address of the public internet (or of an allowed host). */
async function checkUrl(url: string, checkedHost: ChannelEnvironment['checkedHost']): Promise<string> {
  const parsed = URL.canParse(url.trim()) ? new URL(url.trim()) : undefined
  if (!parsed || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:'))
    throw invalid(`Invalid webhook URL '${url.slice(0, 200)}'. It must be an http or https address.`)
  if (parsed.username !== '' || parsed.password !== '')
    throw invalid('A webhook URL must not hold a user or password: use a secret, with which deliveries are signed')
  await checkedHost(parsed.hostname).catch((error) => {
    throw error instanceof KedgeError ? invalid(`Invalid webhook URL: ${error.message}. ${error.todo}`) : error
  })
  return parsed.href
}
