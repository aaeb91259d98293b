import type { Automation } from '../../automation/automation.ts'
import type { Webhook, WebhookFields } from '../../automation/webhooks.ts'
import type { WebhookStatus } from '../../storage/sql/tables/automation.ts'
import type { Fields } from './fields.ts'
import type { MlflowScope } from './mlflow-scope.ts'

/** The numbers of MLflow's enums in webhooks.proto. */
const entities = {
  REGISTERED_MODEL: 1,
  MODEL_VERSION: 2,
  MODEL_VERSION_TAG: 3,
  MODEL_VERSION_ALIAS: 4,
  PROMPT: 5,
  PROMPT_VERSION: 6,
  PROMPT_TAG: 7,
  PROMPT_VERSION_TAG: 8,
  PROMPT_ALIAS: 9,
  BUDGET_POLICY: 10,
}
const actions = { CREATED: 1, UPDATED: 2, DELETED: 3, SET: 4, EXCEEDED: 5 }
const statuses: Record<WebhookStatus, number> = { ACTIVE: 1, DISABLED: 2 }

const readEvent = (item: Fields): string =>
  `${item.choice('entity', entities) ?? ''}.${item.choice('action', actions) ?? ''}`.toLowerCase()

const readFields = (fields: Fields): WebhookFields => ({
  name: fields.text('name'),
  description: fields.text('description'),
  url: fields.text('url'),
  events: fields.has('events') ? fields.messages('events', readEvent) : undefined,
  secret: fields.text('secret'),
  status: fields.choice('status', statuses),
})

const answer = (webhook: Webhook) => ({
  webhook_id: webhook.id,
  name: webhook.name,
  ...(webhook.description === null ? {} : { description: webhook.description }),
  url: webhook.url,
  events: webhook.events.map((name) => {
    const [entity, action] = name.toUpperCase().split('.')
    return { entity, action }
  }),
  status: webhook.status,
  creation_timestamp: webhook.createdAt,
  last_updated_timestamp: webhook.updatedAt,
})

/** MLflow's endpoints of webhooks. */
export function webhookRoutes(scope: MlflowScope, { webhooks }: Pick<Automation, 'webhooks'>): void {
  const path = '/mlflow/webhooks'

  scope.add('POST', path, 'project.write', async ({ context, project, fields }) => {
    for (const name of ['name', 'url']) fields.required(name)
    return { webhook: answer(await webhooks.create(context, project, readFields(fields))) }
  })
  scope.add('GET', path, 'read', async ({ project, fields }) => {
    const { items, next } = await webhooks.list(project, {
      maxResults: fields.integer('max_results'),
      pageToken: fields.text('page_token'),
    })
    return {
      ...(items.length > 0 ? { webhooks: items.map(answer) } : {}),
      ...(next ? { next_page_token: next } : {}),
    }
  })
  scope.add('GET', `${path}/:webhookId`, 'read', async ({ project, params }) => ({
    webhook: answer(await webhooks.get(project, params.webhookId!)),
  }))
  scope.add('PATCH', `${path}/:webhookId`, 'project.write', async ({ context, project, params, fields }) => ({
    webhook: answer(await webhooks.update(context, project, params.webhookId!, readFields(fields))),
  }))
  scope.add('DELETE', `${path}/:webhookId`, 'project.write', ({ context, project, params }) =>
    webhooks.delete(context, project, params.webhookId!),
  )
  scope.add('POST', `${path}/:webhookId/test`, 'project.write', async ({ project, params, fields }) => {
    const outcome = await webhooks.test(project, params.webhookId!, fields.message('event', readEvent))
    return {
      result: {
        success: outcome.delivered,
        ...(outcome.status === undefined ? {} : { response_status: outcome.status }),
        ...(outcome.answer === undefined ? {} : { response_body: outcome.answer }),
        ...(outcome.delivered || outcome.status !== undefined
          ? {}
          : { error_message: `Failed to test webhook: ${outcome.reason}` }),
      },
    }
  })
}
