import type { EventType, JournalEvent } from '../journal/catalogue.ts'

/** What MLflow's webhooks can be told of, with the example that its test sends (mlflow/webhooks/types.py). */
const tag = { key: 'example_key', value: 'example_value' }
const tags = { example_key: 'example_value' }
const model = { name: 'example_model', version: '1' }
const prompt = { name: 'example_prompt', version: '1' }
const alias = 'example_alias'
export const webhookExamples = {
  'registered_model.created': { name: model.name, tags, description: 'An example registered model' },
  'model_version.created': {
    ...model,
    source: 'models:/123',
    run_id: 'abcd1234abcd5678',
    tags,
    description: 'An example model version',
  },
  'model_version_tag.set': { ...model, ...tag },
  'model_version_tag.deleted': { ...model, key: tag.key },
  'model_version_alias.created': { name: model.name, alias, version: '1' },
  'model_version_alias.deleted': { name: model.name, alias },
  'prompt.created': { name: prompt.name, tags, description: 'An example prompt' },
  'prompt_version.created': {
    ...prompt,
    template: 'Hello {{name}}!',
    tags,
    description: 'An example prompt version',
  },
  'prompt_tag.set': { name: prompt.name, ...tag },
  'prompt_tag.deleted': { name: prompt.name, key: tag.key },
  'prompt_version_tag.set': { ...prompt, ...tag },
  'prompt_version_tag.deleted': { ...prompt, key: tag.key },
  'prompt_alias.created': { name: prompt.name, alias, version: '1' },
  'prompt_alias.deleted': { name: prompt.name, alias },
} as const

export type WebhookEventName = keyof typeof webhookExamples

/** Kinds of events that become one of MLflow's. */
export const webhookSources = [
  'model.created',
  'model_version.created',
  'model_tag.set',
  'model_tag.deleted',
  'model_version_tag.set',
  'model_version_tag.deleted',
  'alias.moved',
] as const satisfies readonly EventType[]

export interface WebhookEvent {
  name: WebhookEventName
  data: Record<string, unknown>
}

/** Tags by which MLflow keeps a prompt are not shown to those who are told of it. */
const internalTags = ['mlflow.prompt.is_prompt', '_mlflow_prompt_type', 'mlflow.prompt.text']
const shownTags = (given: Record<string, string> = {}) =>
  Object.fromEntries(Object.entries(given).filter(([key]) => !internalTags.includes(key)))

/** One of ours as MLflow's webhooks know it, with their data; undefined for what they do not know. */
export function webhookEvent(event: JournalEvent): WebhookEvent | undefined {
  switch (event.type) {
    case 'model.created': {
      const { model: name, tags: given = {}, description = null } = event.data
      return event.data.prompt
        ? { name: 'prompt.created', data: { name, tags: shownTags(given), description } }
        : { name: 'registered_model.created', data: { name, tags: given, description } }
    }
    case 'model_version.created': {
      const { model: name, tags: given = {}, description = null, source = '', run } = event.data
      const version = String(event.data.version)
      return event.data.prompt
        ? {
            name: 'prompt_version.created',
            data: { name, version, template: given['mlflow.prompt.text'] ?? null, tags: shownTags(given), description },
          }
        : {
            name: 'model_version.created',
            data: { name, version, source, run_id: run, tags: given, description },
          }
    }
    case 'model_tag.set':
      if (!event.data.prompt) return undefined
      return {
        name: 'prompt_tag.set',
        data: { name: event.data.model, key: event.data.key, value: event.data.value },
      }
    case 'model_tag.deleted':
      return event.data.prompt
        ? { name: 'prompt_tag.deleted', data: { name: event.data.model, key: event.data.key } }
        : undefined
    case 'model_version_tag.set': {
      const { model: name, version, key, value } = event.data
      return {
        name: event.data.prompt ? 'prompt_version_tag.set' : 'model_version_tag.set',
        data: { name, version: String(version), key, value },
      }
    }
    case 'model_version_tag.deleted': {
      const { model: name, version, key } = event.data
      return {
        name: event.data.prompt ? 'prompt_version_tag.deleted' : 'model_version_tag.deleted',
        data: { name, version: String(version), key },
      }
    }
    case 'alias.moved': {
      const { model: name, alias: moved, to } = event.data
      const kind = event.data.prompt ? 'prompt_alias' : 'model_version_alias'
      return to === null
        ? { name: `${kind}.deleted`, data: { name, alias: moved } }
        : { name: `${kind}.created`, data: { name, alias: moved, version: String(to) } }
    }
    default:
      return undefined
  }
}
