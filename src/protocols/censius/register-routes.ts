import { Readable } from 'node:stream'
import { z } from 'zod'
import type { BlobStore } from '../../contracts/blob-store.ts'
import { KedgeError } from '../../errors.ts'
import type { StoredModel } from '../../monitoring/log-registrations.ts'
import type { LoggedModels } from '../../monitoring/logged-models.ts'
import { endpointOf, watchModel } from './censius-models.ts'
import type { CensiusScope } from './censius-scope.ts'

const text = z.string().min(1).max(500)
const names = z.array(text).min(1).max(10_000)
const values = z.unknown().optional()
const versionOf = {
  userDefinedModelID: text,
  version: text,
  datasetId: z.number().int().optional(),
  targets: names,
  features: z.array(text).default([]),
  values,
}
const model = z.object({ ...versionOf, name: text, projectId: z.number().optional(), type: z.string() })
const number = z.number()
const iteration = z.object({
  user_defined_model_id: text,
  model_version: text,
  model_iteration_id: z.string().min(1).max(16),
  release_datetime: number.optional(),
  dataset_start_datetime: number.optional(),
  dataset_end_datetime: number.optional(),
  training_accuracy: number.optional(),
  validation_accuracy: number.optional(),
  area_under_curve: number.optional(),
  samples_count: number.optional(),
})
const window = z.object({ number: z.number().int().min(1).max(366), unit: z.enum(['hour', 'day', 'week']) })
const processing = z.object({
  dataset_id: z.number().int(),
  model_id: z.number().int(),
  values,
  windowSize: window.optional(),
  window_start_time: number.optional(),
  project_id: z.number().optional(),
})
const featureList = z.array(z.object({ name: z.string(), type: z.enum(['decimal', 'integer']) }))
const largest = 600 * 2 ** 20

export interface RegisterDependencies {
  logged: LoggedModels
  blobs: BlobStore
  /** sets the length of the windows of an endpoint */
  setWindow(actor: string, key: { project: string; endpoint: string }, window: string): Promise<void>
}

/** Datasets as references, models and their versions. */
export function registerRoutes(scope: CensiusScope, { logged, blobs, setWindow }: RegisterDependencies): void {
  const { registrations } = logged

  scope.add(
    'registerdataset/frd/api/v1/validate_insert_dataset',
    'data.write',
    z.never('must be multipart/form-data with the file'),
    async ({ project, actor, request }) => {
      const { fields, file } = await readForm(request.body as unknown as Readable, request.headers)
      const name = fields.name
      if (!name) throw new KedgeError('invalid_input', { what: 'name is missing' })
      const parsed = featureList.safeParse(JSON.parse(fields.features ?? '[]'))
      if (!parsed.success) throw new KedgeError('invalid_input', { what: 'features must be a list of {name, type}' })
      const { digest } = await blobs.put(file)
      const columns = await logged.columnsOf(project, digest, 'csv')
      const missing = parsed.data.filter((feature) => !columns.some((column) => column.name === feature.name))
      if (missing.length > 0)
        throw new KedgeError('invalid_input', {
          what: `The file has no column ${missing.map((feature) => feature.name).join(', ')}`,
        })
      const datasetId = await registrations.addDataset(actor, {
        project,
        name,
        version: fields.version ?? '',
        digest,
        features: parsed.data.map((feature) => ({
          name: feature.name,
          type: feature.type === 'integer' ? 'integer' : 'number',
        })),
        time: fields.timestampCol ?? null,
        format: 'csv',
      })
      return { message: `The dataset ${name} is registered`, datasetId, details: { datasetId } }
    },
  )

  scope.add('registermodelv2/frd/models/v2', 'tracking.write', model, async ({ project, actor }, body) => {
    const stored = await registrations.putModel(actor, {
      project,
      model: body.userDefinedModelID,
      version: body.version,
      name: body.name,
      task: /regression/i.test(body.type) ? 'regression' : 'binary',
      targets: body.targets,
      features: body.features,
      dataset: body.datasetId ?? null,
      iterations: {},
    })
    await watchModel(logged, actor, stored)
    return { message: `The model ${body.userDefinedModelID} is registered`, modelId: stored.id }
  })

  scope.add(
    'registermodelversionv2/frd/models/v2/model_version',
    'tracking.write',
    z.object(versionOf),
    async ({ project, actor }, body) => {
      const before = (await registrations.list(project)).filter((one) => one.model === body.userDefinedModelID).at(-1)
      if (!before) throw new KedgeError('not_found', { kind: 'Model', name: body.userDefinedModelID })
      const stored = await registrations.putModel(actor, {
        ...before,
        version: body.version,
        targets: body.targets,
        features: body.features,
        dataset: body.datasetId ?? null,
        iterations: {},
      })
      await watchModel(logged, actor, stored)
      return { message: `Version ${body.version} of ${body.userDefinedModelID} is registered`, modelId: stored.id }
    },
  )

  scope.add(
    'additeration/frd/models/addModelIteration',
    'tracking.write',
    iteration,
    async ({ project, actor }, body) => {
      const { user_defined_model_id, model_version, model_iteration_id, ...facts } = body
      const stored = await registrations.model(project, user_defined_model_id, model_version)
      const iterations = { ...stored.iterations, [model_iteration_id]: facts as Record<string, number> }
      await registrations.putModel(actor, { ...stored, iterations })
      return {
        message: `Iteration ${model_iteration_id} of ${user_defined_model_id} version ${model_version} is on record`,
      }
    },
  )

  scope.add(
    'processmodel/frd/models/schema-updation',
    'tracking.write',
    processing,
    async ({ project, actor }, body) => {
      const { id: _, ...before } = await registrations.modelById(project, body.model_id)
      const stored = await registrations.putModel(actor, { ...before, dataset: body.dataset_id })
      await watchModel(logged, actor, stored)
      const { windowSize } = body
      if (windowSize)
        for (const { endpoint } of endpointsOf(stored))
          await setWindow(actor, { project, endpoint }, `${windowSize.number}${windowSize.unit[0]}`)
      return { message: `The model ${stored.model} is compared with dataset ${body.dataset_id}` }
    },
  )
}

const endpointsOf = ({ model: id, targets }: StoredModel) =>
  targets.map((target) => ({ endpoint: endpointOf(id, targets, target) }))

/** The fields and the one file of a form. Errors: `invalid_input`, `too_large` beyond 600 MiB. */
async function readForm(body: Readable, headers: Record<string, unknown>) {
  if (!(body instanceof Readable))
    throw new KedgeError('invalid_input', { what: 'The body must be multipart/form-data' })
  if (Number(headers['content-length'] ?? 0) > largest)
    throw new KedgeError('too_large', { what: 'The file', limit: '600 MiB' })
  let form: FormData
  try {
    const type = String(headers['content-type'])
    form = await new Response(Readable.toWeb(body) as ReadableStream, { headers: { 'content-type': type } }).formData()
  } catch (cause) {
    throw new KedgeError('invalid_input', { what: 'The form cannot be read' }, { cause })
  }
  const fields: Record<string, string> = {}
  let file: Readable | undefined
  for (const [name, value] of form)
    if (typeof value === 'string') fields[name] = value
    else file = Readable.fromWeb(value.stream() as never)
  if (!file) throw new KedgeError('invalid_input', { what: 'The form has no file' })
  return { fields, file }
}
