import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Selectable } from 'kysely'
import type { Channel, ChannelEnvironment, ChannelMessage, DeliveryOutcome } from '../contracts/channel.ts'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Job, JobOutcome } from '../jobs/job.ts'
import type { JournalEvent } from '../journal/catalogue.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { fromJson } from '../storage/sql/json-column.ts'
import type { AutomationTables, DeliveryState } from '../storage/sql/tables/automation.ts'
import { listens } from './channel-spec.ts'
import { findChannel, toChannel } from './channels.ts'
import { eventNames } from './event-names.ts'
import { type WebhookEventName, webhookEvent } from './webhook-event.ts'
import { findWebhook, type Webhook, webhookChannel, webhookSecret } from './webhooks.ts'

/** How one event got to one channel, or did not. */
export interface Delivery {
  /** sent along, the same at every try */
  id: string
  channel: string
  event: number | null
  type: string
  subject: string
  state: DeliveryState
  attempts: number
  status: number | null
  reason: string | null
  nextAt: number | null
  createdAt: number
  finishedAt: number | null
}

export interface Retries {
  /** milliseconds before the second try; each later one waits four times as long … */
  first: number
  /** … but no longer than this */
  longest: number
  attempts: number
}

export interface DeliveriesOptions {
  kinds: readonly Channel[]
  checkedHost: ChannelEnvironment['checkedHost']
  secret(project: string, name: string): Promise<string>
  /** the kind of channel that posts to MLflow's webhooks */
  webhook: Channel
  retries?: Retries
}

interface Payload {
  delivery: string
}

export const deliverJob = 'automation.deliver'
/** about four hours */
const usualRetries: Retries = { first: 1000, longest: 3_600_000, attempts: 10 }

const webhookOf = (channel: string) => (channel.startsWith('webhook/') ? channel.slice('webhook/'.length) : undefined)
const webhookSettings = ({ id, url, signed }: Webhook) => ({
  kind: 'mlflow-webhook',
  url,
  ...(signed ? { secret: { secret: webhookSecret(id) } } : {}),
})

const toDelivery = (row: Selectable<AutomationTables['channel_deliveries']>): Delivery => ({
  id: row.id,
  channel: row.channel,
  event: row.event,
  type: row.type,
  subject: row.subject,
  state: row.state,
  attempts: row.attempts,
  status: row.status,
  reason: row.reason,
  nextAt: row.next_at,
  createdAt: row.created_at,
  finishedAt: row.finished_at,
})

/** Hands events over to channels: each try is a job, so that none is lost; the receiver may get one twice, under the same id. */
export function createDeliveries(
  environment: Pick<Environment, 'store' | 'journal' | 'jobs' | 'log' | 'clock' | 'dataDirectory'>,
  options: DeliveriesOptions,
) {
  const { store, journal, jobs, log, clock, dataDirectory } = environment
  const retries = options.retries ?? usualRetries

  async function insert(
    change: Change,
    project: string,
    channel: string,
    event: { id: number | null; type: string; subject: string },
  ): Promise<string> {
    const id = randomUUID()
    await change.db
      .insertInto('channel_deliveries')
      .values({
        id,
        project,
        channel,
        event: event.id,
        type: event.type,
        subject: event.subject,
        state: 'queued',
        attempts: 0,
        created_at: change.now,
      })
      .execute()
    await enqueue(change, project, id)
    return id
  }
  const enqueue = (change: Change, project: string, delivery: string, runAt = 0) =>
    jobs.enqueue(change, {
      kind: deliverJob,
      project,
      payload: { delivery } satisfies Payload,
      runAt,
      maxAttempts: 100,
    })

  async function find(id: string) {
    const row = await store.read.selectFrom('channel_deliveries').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) throw new KedgeError('not_found', { kind: 'Delivery', name: id })
    return row
  }

  async function messageFor(row: Selectable<AutomationTables['channel_deliveries']>): Promise<ChannelMessage> {
    const rest = { deliveryId: row.id, time: clock(), project: row.project, channel: row.channel }
    if (row.event === null)
      return {
        ...rest,
        event: {
          id: null,
          time: row.created_at,
          type: row.type,
          subject: row.subject,
          actor: 'system',
          cause: null,
          data: { message: 'A test from Kedge' },
        },
      }
    const [event] = await journal.read({ after: row.event - 1, limit: 1 })
    if (!event) throw new KedgeError('not_found', { kind: 'Event', name: row.event })
    if (webhookOf(row.channel) !== undefined) {
      const { name, data } = webhookEvent(event)!
      const { id, time, subject, actor, cause } = event
      return { ...rest, event: { id, time, type: name, subject, actor, cause, data } }
    }
    const { id, time, type, subject, actor, cause, data } = event
    return { ...rest, event: { id, time, type, subject, actor, cause, data } }
  }

  /** Who a delivery is for, or why there is nobody. */
  async function receiverOf(project: string, channel: string): Promise<{ kind: Channel; settings: unknown } | string> {
    const id = webhookOf(channel)
    if (id !== undefined) {
      const webhook = await findWebhook(store.read, project, id).catch(() => undefined)
      return webhook ? { kind: options.webhook, settings: webhookSettings(webhook) } : 'the webhook was removed'
    }
    const declared = await findChannel(store.read, project, channel).catch(() => undefined)
    if (!declared) return 'the channel was removed'
    const kind = options.kinds.find((one) => one.kind === declared.kind)
    const { on: _, enabled: __, ...settings } = declared.spec
    return kind ? { kind, settings } : `there is no channel of kind ${declared.kind}`
  }

  const deliveryEnvironment = (project: string, signal: AbortSignal): ChannelEnvironment => ({
    folder: join(dataDirectory, 'channels'),
    checkedHost: options.checkedHost,
    secret: ({ secret }) => options.secret(project, secret),
    signal,
  })

  async function attempt(
    row: Selectable<AutomationTables['channel_deliveries']>,
    signal: AbortSignal,
  ): Promise<DeliveryOutcome> {
    const receiver = await receiverOf(row.project, row.channel)
    if (typeof receiver === 'string') return { delivered: false, again: false, reason: receiver }
    try {
      return await receiver.kind.deliver(
        await messageFor(row),
        receiver.settings,
        deliveryEnvironment(row.project, signal),
      )
    } catch (error) {
      if (signal.aborted) throw error
      log.warn({ err: error, channel: row.channel, delivery: row.id }, 'a channel failed')
      return {
        delivered: false,
        reason: error instanceof KedgeError ? error.message : 'the channel failed; the log has the details',
      }
    }
  }

  /** Records what became of a try; another follows where that can help. */
  async function record(
    change: Change,
    row: Selectable<AutomationTables['channel_deliveries']>,
    outcome: DeliveryOutcome,
  ) {
    const attempts = row.attempts + 1
    const again = !outcome.delivered && outcome.again !== false && attempts < retries.attempts
    const nextAt = again ? change.now + Math.min(retries.first * 4 ** (attempts - 1), retries.longest) : null
    await change.db
      .updateTable('channel_deliveries')
      .set({
        state: outcome.delivered ? 'delivered' : again ? 'queued' : 'failed',
        attempts,
        status: outcome.status ?? null,
        reason: outcome.delivered ? null : (outcome.reason ?? 'it was not taken'),
        next_at: nextAt,
        finished_at: again ? null : change.now,
      })
      .where('id', '=', row.id)
      .execute()
    if (nextAt !== null) await enqueue(change, row.project, row.id, nextAt)
    else if (!outcome.delivered)
      change.append({
        type: 'delivery.failed',
        project: row.project,
        subject: `channel/${row.channel}`,
        data: {
          channel: row.channel,
          delivery: row.id,
          event: row.event,
          attempts,
          reason: outcome.reason ?? 'it was not taken',
        },
      })
  }

  jobs.handle<Payload>({
    kind: deliverJob,
    concurrency: 8,
    async run(job: Job<Payload>, { signal }): Promise<JobOutcome> {
      const row = await find(job.payload.delivery)
      if (row.state !== 'queued') return {}
      const outcome = await attempt(row, signal)
      const { answer: _, ...result } = outcome
      return { result, commit: (change) => record(change, row, outcome) }
    },
  })

  return {
    /** An event that has happened: every channel that listens to it will be told. */
    async announce(change: Change, event: JournalEvent): Promise<void> {
      const rows = await change.db
        .selectFrom('channels')
        .selectAll()
        .where('project', '=', event.project)
        .orderBy('name')
        .execute()
      const names = eventNames(event)
      for (const { name, spec } of rows.map(toChannel))
        if (spec.enabled && listens(spec.on, names)) await insert(change, event.project, name, event)
    },

    /** An event of the registry that has happened: every active webhook for it will be told. */
    async announceToWebhooks(change: Change, event: JournalEvent): Promise<void> {
      const told = webhookEvent(event)
      if (!told) return
      const rows = await change.db
        .selectFrom('webhooks')
        .select(['id', 'events'])
        .where('project', '=', event.project)
        .where('status', '=', 'ACTIVE')
        .where('deleted_at', 'is', null)
        // a webhook is not told of what was before it
        .where('created_at', '<=', event.time)
        .orderBy('created_at')
        .execute()
      for (const { id, events } of rows)
        if (fromJson<string[]>(events).includes(told.name))
          await insert(change, event.project, webhookChannel(id), {
            id: event.id,
            type: told.name,
            subject: event.subject,
          })
    },

    /** Sends a message to a webhook at once and once, outside the queue. */
    async sendToWebhook(webhook: Webhook, type: WebhookEventName, data: unknown): Promise<DeliveryOutcome> {
      const time = clock()
      const event = { id: null, time, type, subject: 'webhook/test', actor: 'system', cause: null, data }
      return options.webhook.deliver(
        { deliveryId: randomUUID(), time, project: webhook.project, channel: webhookChannel(webhook.id), event },
        webhookSettings(webhook),
        deliveryEnvironment(webhook.project, AbortSignal.timeout(30_000)),
      )
    },

    /** Sends a message that says that it is a test. */
    async test(context: ChangeContext, project: string, channel: string): Promise<Delivery> {
      const id = await journal.change(context, async (change) => {
        await findChannel(change.db, project, channel)
        return insert(change, project, channel, { id: null, type: 'channel.test', subject: `channel/${channel}` })
      })
      return toDelivery(await find(id))
    },

    async get(project: string, id: string): Promise<Delivery> {
      const row = await find(id)
      if (row.project !== project) throw new KedgeError('not_found', { kind: 'Delivery', name: id })
      return toDelivery(row)
    },

    /** Newest first. */
    async list(
      project: string,
      filter: { channel?: string | undefined; state?: DeliveryState | undefined; limit?: number; offset?: number } = {},
    ): Promise<{ items: Delivery[]; total: number }> {
      let query = store.read.selectFrom('channel_deliveries').where('project', '=', project)
      if (filter.channel !== undefined) query = query.where('channel', '=', filter.channel)
      if (filter.state !== undefined) query = query.where('state', '=', filter.state)
      const { total } = await query.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
      const rows = await query
        .selectAll()
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .limit(filter.limit ?? 100)
        .offset(filter.offset ?? 0)
        .execute()
      return { items: rows.map(toDelivery), total: Number(total) }
    },
  }
}
