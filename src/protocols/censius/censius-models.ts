import { KedgeError } from '../../errors.ts'
import type { StoredModel } from '../../monitoring/log-registrations.ts'
import type { LoggedModels } from '../../monitoring/logged-models.ts'

/** An endpoint's name for a model's id of any form; a model of several targets has an endpoint for each. */
export function endpointOf(model: string, targets: readonly string[], target = targets[0]): string {
  const name = targets.length > 1 && target !== undefined ? `${model}.${target}` : model
  const plain = name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 100)
  if (plain === '')
    throw new KedgeError('invalid_input', { what: `The model id ${JSON.stringify(model)} has no letter or digit` })
  return plain
}

/** What is known of a model that is logged to; one that nobody registered is taken as it comes. */
export async function knownModel(
  logged: LoggedModels,
  project: string,
  model: string,
  version: string,
): Promise<StoredModel | undefined> {
  try {
    return await logged.registrations.model(project, model, version)
  } catch (error) {
    if (error instanceof KedgeError && error.class === 'not_found') return undefined
    throw error
  }
}

/** Declares the endpoints of a model and compares its version with the dataset that it was registered with. */
export async function watchModel(logged: LoggedModels, actor: string, model: StoredModel): Promise<void> {
  const { project, version, targets, task } = model
  const dataset = model.dataset === null ? undefined : await logged.registrations.dataset(project, model.dataset)
  for (const target of targets) {
    const key = { project, endpoint: endpointOf(model.model, targets, target) }
    if (!(await logged.endpoints.find(key)))
      await logged.declare({ actor }, key, { external: true, ...(task ? { task } : {}) })
    if (!dataset) continue
    const rows = { digest: dataset.digest, format: dataset.format }
    const has = new Set((await logged.columnsOf(project, dataset.digest, dataset.format)).map(({ name }) => name))
    const features = (model.features.length > 0 ? model.features : dataset.features.map(({ name }) => name)).filter(
      (name) => has.has(name) && !targets.includes(name),
    )
    await logged.takeStored({ actor }, key, {
      ...rows,
      kind: 'reference',
      version,
      columns: {
        features,
        actual: has.has(target) ? target : null,
        time: dataset.time !== null && has.has(dataset.time) ? dataset.time : null,
        score: null,
        label: null,
        id: null,
        version: null,
        latency: null,
      },
    })
  }
}
