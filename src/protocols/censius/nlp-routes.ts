import { Readable } from 'node:stream'
import { z } from 'zod'
import type { BlobStore } from '../../contracts/blob-store.ts'
import type { LoggedModels } from '../../monitoring/logged-models.ts'
import { endpointOf } from './censius-models.ts'
import { type CensiusScope, record } from './censius-scope.ts'

const text = z.string().min(1).max(500)
const useCase = z.enum(['SUMMARIZATION', 'SENTIMENT_CLASSIFICATION', 'Q_AND_A'])
const training = z.object({
  training_data: z.array(record),
  is_last_chunk: z.boolean(),
  training_datatype: z.string(),
  dataset_name: text,
  usecase: useCase,
  dataset_version: z.union([z.number(), z.string()]).default(1),
  dataset_id: z.number().int().optional(),
})
const model = z.object({
  model_name: text,
  model_type: z.string(),
  use_case: useCase,
  dataset_id: z.number().int(),
  model_version: z.union([z.number(), z.string()]).default(1),
})
const log = z.object({
  prediction: z.string(),
  referenced_output: z.string(),
  input: z.string(),
  timestamp: z.number().int(),
  log_id: text,
  model_id: z.number().int(),
  model_confidence_score: z.number().nullish(),
  context: z.string().optional(),
})
/** Longer texts are cut: what is watched of them is their length, their words and their beginning. */
const longest = 10_000

/** Language models: training texts as rows of a dataset, models, and what they were asked and answered. */
export function nlpRoutes(scope: CensiusScope, { logged, blobs }: { logged: LoggedModels; blobs: BlobStore }): void {
  const { registrations } = logged

  scope.add(
    'nlp-input-training/frd/v1/llm/register_training_data',
    'data.write',
    training,
    async ({ project, actor }, body) => {
      const lines = Buffer.from(body.training_data.map((row) => `${JSON.stringify(row)}\n`).join(''))
      if (body.dataset_id !== undefined) {
        const before = await registrations.dataset(project, body.dataset_id)
        const whole = await blobs.put(Readable.from(appended(await blobs.get(before.digest), lines)))
        await registrations.setFile(actor, before.id, whole.digest)
        return { status: 'success', details: { datasetId: before.id } }
      }
      const { digest } = await blobs.put(lines)
      const features = Object.keys(body.training_data[0] ?? {}).map((name) => ({ name, type: 'category' as const }))
      const version = String(body.dataset_version)
      const dataset = {
        project,
        name: body.dataset_name,
        version,
        digest,
        features,
        time: null,
        format: 'jsonl' as const,
      }
      return { status: 'success', details: { datasetId: await registrations.addDataset(actor, dataset) } }
    },
  )

  scope.add('register_model/frd/api/llm/register_model', 'tracking.write', model, async ({ project, actor }, body) => {
    await registrations.dataset(project, body.dataset_id)
    const stored = await registrations.putModel(actor, {
      project,
      model: body.model_name,
      version: String(body.model_version),
      name: body.use_case,
      task: null,
      targets: [body.use_case],
      features: [],
      dataset: body.dataset_id,
      iterations: {},
    })
    const key = { project, endpoint: endpointOf(stored.model, stored.targets) }
    if (!(await logged.endpoints.find(key))) await logged.declare({ actor }, key, { external: true })
    return { status: 'success', message: `The model ${stored.model} is registered`, details: { modelId: stored.id } }
  })

  scope.add('nlp-input-logs/frd/v1/llm/register_logs', 'actuals.write', log, async ({ project, actor }, body) => {
    const stored = await registrations.modelById(project, body.model_id)
    const key = { project, endpoint: endpointOf(stored.model, stored.targets) }
    // of a class one can say whether it was right; of a text only what it is like
    const isClass = stored.name === 'SENTIMENT_CLASSIFICATION'
    const { input, prediction, referenced_output: expected, context } = body
    const texts = {
      input,
      ...(isClass ? {} : { prediction, referenced_output: expected }),
      ...(context ? { context } : {}),
    }
    const features = Object.fromEntries(
      Object.entries(texts).flatMap(([name, value]): [string, string | number][] => [
        [name, value.slice(0, longest)],
        [`${name}_length`, value.length],
      ]),
    )
    await logged.log({ actor }, key, [
      {
        id: body.log_id,
        time: body.timestamp,
        version: stored.version,
        features,
        score: body.model_confidence_score,
        ...(isClass ? { label: prediction, actual: expected } : {}),
      },
    ])
    return { status: 'success', message: 'The log is on record' }
  })
}

async function* appended(first: Readable, then: Uint8Array) {
  yield* first
  yield then
}
