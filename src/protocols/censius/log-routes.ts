import { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { LoggedExplanation } from '../../monitoring/log-explanations.ts'
import type { StoredModel } from '../../monitoring/log-registrations.ts'
import type { LoggedItem } from '../../monitoring/log-rows.ts'
import type { LoggedModels } from '../../monitoring/logged-models.ts'
import { endpointOf, knownModel } from './censius-models.ts'
import { type CensiusScope, record } from './censius-scope.ts'

const text = z.string().min(1).max(500)
const outcome = z.object({ label: z.unknown(), confidence: z.number() })
const prediction = z.object({
  predictionID: text,
  modelVersion: text,
  modelID: text,
  features: record.default({}),
  prediction: z.record(z.string(), outcome).default({}),
  timestamp: z.number().int(),
  rawValues: record.optional(),
  actual: record.optional(),
})
const actual = z.object({ modelID: text, predictionID: text, modelVersion: text, actual: record })
const chunk = { modelID: text, modelVersion: text, bulkID: z.string().optional() }
const bulk = z.object({
  ...chunk,
  bulk_logs: z.array(z.looseObject({ log_id: z.union([z.string(), z.number()]) })).min(1),
  predicitionsRecvd: z.boolean().default(false),
  actualsRecvd: z.boolean().default(false),
})
const explanation = z.object({
  modelID: text,
  modelVersion: text,
  log_id: text,
  explanation_type: z.string().default('shap'),
  explanation_values: z.record(z.string(), z.number()),
})
const bulkExplanations = z.object({
  ...chunk,
  bulk_explainations: z
    .array(z.object({ log_id: z.union([z.string(), z.number()]), shap_values: z.record(z.string(), z.number()) }))
    .min(1),
})
type Outcome = z.output<typeof outcome>

/** Predictions, actuals and explanations, one by one and many at once. */
export function logRoutes(scope: CensiusScope, logged: LoggedModels): void {
  /** Logs items by endpoint: a model of several targets has one for each. */
  async function take(project: string, actor: string, byEndpoint: Map<string, LoggedItem[]>) {
    for (const [endpoint, items] of byEndpoint) await logged.log({ actor }, { project, endpoint }, items)
  }

  scope.add(
    'postlogv2/frd/api/v2/logs',
    'actuals.write',
    z.union([prediction.transform((one) => [one]), z.array(prediction).min(1)]),
    async ({ project, actor }, items) => {
      const models = createModelCache(logged, project)
      const byEndpoint = new Map<string, LoggedItem[]>()
      for (const item of items) {
        const model = await models(item.modelID, item.modelVersion)
        const targets = model?.targets ?? Object.keys(item.prediction)
        for (const [target, given] of Object.entries(item.prediction))
          add(byEndpoint, endpointOf(item.modelID, targets, target), {
            id: item.predictionID,
            time: item.timestamp,
            version: item.modelVersion,
            features: { ...item.features, ...raw(item.rawValues) },
            ...predicted(model, given),
            actual: item.actual?.[target],
          })
      }
      await take(project, actor, byEndpoint)
      return {
        message: items.length === 1 ? 'The prediction is on record' : `${items.length} predictions are on record`,
      }
    },
  )

  scope.add('updateactualv2/frd/api/v2/update_actuals', 'actuals.write', actual, async ({ project }, body) => {
    const model = await knownModel(logged, project, body.modelID, body.modelVersion)
    const targets = model?.targets ?? Object.keys(body.actual)
    for (const [target, value] of Object.entries(body.actual))
      await logged.actuals({ project, endpoint: endpointOf(body.modelID, targets, target) }, [
        { id: body.predictionID, value },
      ])
    return { message: `The actual of ${body.predictionID} is on record` }
  })

  scope.add(
    'bulklogvalidate/frd/v1/logs/validate_bulk_datatype',
    'read',
    z.object({ modelID: text, modelVersion: text }),
    async ({ project }, { modelID, modelVersion }) => {
      const model = await logged.registrations.model(project, modelID, modelVersion)
      const dataset = model.dataset === null ? undefined : await logged.registrations.dataset(project, model.dataset)
      const known = new Map(dataset?.features.map(({ name, type }) => [name, datatypes[type]]))
      const types = (names: string[]) =>
        Object.fromEntries(names.map((name) => [name, known.get(name) ?? targetType(model)]))
      return {
        dataset_datatype: types(model.features.filter((name) => !model.targets.includes(name))),
        model_target: model.targets.map((target) => target.toLowerCase()),
        model_target_datatype: Object.fromEntries(
          model.targets.map((target) => [target.toLowerCase(), known.get(target) ?? targetType(model)]),
        ),
      }
    },
  )

  scope.add('bulklog/frd/v1/logs/bulk_logs', 'actuals.write', bulk, async ({ project, actor }, body) => {
    const model = await logged.registrations.model(project, body.modelID, body.modelVersion)
    // the SDK writes names in small letters, those of features with `feat_` before them
    const features = new Map(model.features.map((name) => [`feat_${name.toLowerCase()}`, name]))
    const byEndpoint = new Map<string, LoggedItem[]>()
    const actuals = new Map<string, { id: string; value: unknown }[]>()
    for (const row of body.bulk_logs)
      for (const target of model.targets) {
        const endpoint = endpointOf(model.model, model.targets, target)
        const id = String(row.log_id)
        const lower = target.toLowerCase()
        const value = row[`actual_${lower}`]
        if (body.predicitionsRecvd)
          add(byEndpoint, endpoint, {
            id,
            time: row.timestamp,
            version: model.version,
            features: Object.fromEntries(
              [...features].filter(([column]) => column in row).map(([column, name]) => [name, row[column]]),
            ),
            ...predicted(model, outcomeOf(row, lower)),
            actual: value,
          })
        else if (body.actualsRecvd && value !== undefined && value !== null) add(actuals, endpoint, { id, value })
      }
    await take(project, actor, byEndpoint)
    for (const [endpoint, items] of actuals) await logged.actuals({ project, endpoint }, items)
    return { message: `${body.bulk_logs.length} rows are on record` }
  })

  async function explain(project: string, modelID: string, version: string, items: LoggedExplanation[]) {
    const model = await knownModel(logged, project, modelID, version)
    const names = new Map(model?.features.map((name) => [name.toLowerCase(), name]))
    const named = items.map((item) => ({
      ...item,
      values: Object.fromEntries(
        Object.entries(item.values).map(([name, value]) => [names.get(name.toLowerCase()) ?? name, value]),
      ),
    }))
    await logged.explanations.log({ project, endpoint: endpointOf(modelID, model?.targets ?? []) }, named)
  }

  scope.add('explainv2/frd/api/v2/insert_explainations', 'actuals.write', explanation, async ({ project }, body) => {
    const { log_id: id, explanation_type: kind, explanation_values } = body
    await explain(project, body.modelID, body.modelVersion, [
      { id, kind: kind.toLowerCase(), values: explanation_values },
    ])
    return { message: `The explanation of ${id} is on record` }
  })

  scope.add(
    'bulkexplain/frd/v1/explainations/bulk_explainations',
    'actuals.write',
    bulkExplanations,
    async ({ project }, body) => {
      const items = body.bulk_explainations.map(({ log_id, shap_values }) => ({
        id: String(log_id),
        kind: 'shap',
        values: shap_values,
      }))
      await explain(project, body.modelID, body.modelVersion, items)
      return { message: `${items.length} explanations are on record` }
    },
  )
}

const datatypes = { number: 'decimal', integer: 'integer', category: 'text' } as const
const targetType = ({ task }: StoredModel) => (task === 'regression' ? 'decimal' : 'integer')

const add = <T>(lists: Map<string, T[]>, name: string, item: T) => {
  const list = lists.get(name)
  if (list) list.push(item)
  else lists.set(name, [item])
}

const raw = (values: Record<string, unknown> | undefined) =>
  Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [`raw.${name}`, value]))

function outcomeOf(row: Record<string, unknown>, target: string): Outcome {
  const confidence = row[`prediction_score_${target}`]
  if (typeof confidence !== 'number')
    throw new KedgeError('invalid_input', { what: `prediction_score_${target} of ${String(row.log_id)} is no number` })
  return { label: row[`prediction_class_${target}`], confidence }
}

/**
 * Score and label of a prediction. A regression's value is its label. The confidence of a binary one is that of its label or
 * that of the positive class, as callers please: for the label 0 one above a half can only be the former.
 */
function predicted(
  model: StoredModel | undefined,
  { label, confidence }: Outcome,
): Pick<LoggedItem, 'score' | 'label'> {
  if (model?.task === 'regression') return { score: typeof label === 'number' ? label : null }
  const negative = label === 0 || label === false || label === '0'
  return { score: negative && confidence > 0.5 ? 1 - confidence : confidence, label: String(label) }
}

function createModelCache(logged: LoggedModels, project: string) {
  const cache = new Map<string, Promise<StoredModel | undefined>>()
  return (model: string, version: string) => {
    const key = JSON.stringify([model, version])
    const found = cache.get(key) ?? knownModel(logged, project, model, version)
    cache.set(key, found)
    return found
  }
}
