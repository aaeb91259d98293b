import { KedgeError } from '../../errors.ts'
import type { MlflowClient } from './mlflow-client.ts'
import type { MlflowTarget } from './mlflow-target.ts'

/** A server gives its own ids: this tag keeps the one that a run or a model had. */
const idTag = 'kedge.id'
const batchPoints = 1000
const batchPairs = 100

const pairList = (pairs: Record<string, string>) => Object.entries(pairs).map(([key, value]) => ({ key, value }))
const wire = (value: number) => (Number.isFinite(value) ? value : String(value))

/** Writes to a server of MLflow's API. It gives its own ids and times of creation; a tag keeps the ids that were. */
export function writeMlflowServer(client: MlflowClient): MlflowTarget {
  const problems: string[] = []
  const experiments = new Map<string, string>()
  const runs = new Map<string, { id: string; artifacts: string }>()
  const models = new Map<string, { id: string; artifacts: string }>()

  const must = async <T>(work: Promise<T | undefined>, what: string): Promise<T> => {
    const found = await work
    if (found === undefined) throw new KedgeError('not_found', { kind: what, name: `on ${client.url}` })
    return found
  }
  type RunAnswer = { run: { info: { run_id: string; artifact_uri: string; status: string } } }
  type ModelAnswer = { model: { info: { model_id: string; artifact_uri: string } } }

  function sourceThere(address: string): string {
    const logged = /^models:\/+(m-[0-9a-f]+)(.*)$/.exec(address)
    if (logged) return models.has(logged[1]!) ? `models:/${models.get(logged[1]!)!.id}${logged[2]}` : address
    const [, model, inModel = ''] = /\/models\/(m-[0-9a-f]+)\/artifacts(\/.*)?$/.exec(address) ?? []
    if (model && models.has(model)) return `${models.get(model)!.artifacts}${inModel}`
    const [, run, inRun = ''] = /(?:^runs:\/+|\/)([0-9a-f]{32})(?:\/artifacts)?(\/.*)?$/.exec(address) ?? []
    return run && runs.has(run) ? `${runs.get(run)!.artifacts}${inRun}` : address
  }

  return {
    title: `the server ${client.url}`,
    problems,
    hint: `Runs and logged models have new ids there; the tag ${idTag} says which they had.`,

    async experiment(experiment) {
      if (experiment.state === 'deleted') {
        problems.push(`experiment ${experiment.id} (${experiment.name}) is deleted and was left out`)
        return 'present'
      }
      const there = await client.call<{ experiment: { experiment_id: string } }>('GET', 'experiments/get-by-name', {
        experiment_name: experiment.name,
      })
      if (there) experiments.set(experiment.id, there.experiment.experiment_id)
      else {
        const made = await must(
          client.call<{ experiment_id: string }>('POST', 'experiments/create', {
            name: experiment.name,
            tags: pairList(experiment.tags),
          }),
          'Experiments',
        )
        experiments.set(experiment.id, made.experiment_id)
      }
      return there ? 'present' : 'created'
    },

    async loggedModel(model) {
      const experiment_id = experiments.get(model.experimentId)
      if (experiment_id === undefined || model.state === 'deleted') return 'present'
      const found = await client.call<{ models?: ModelAnswer['model'][] }>('POST', 'logged-models/search', {
        experiment_ids: [experiment_id],
        filter: `tags.\`${idTag}\` = '${model.id}'`,
        max_results: 1,
      })
      let there = found?.models?.[0]
      const present = there !== undefined
      if (!there) {
        const made = await client.call<ModelAnswer>('POST', 'logged-models', {
          experiment_id,
          name: model.name,
          model_type: model.type || undefined,
          params: pairList(model.params),
          tags: pairList({ ...model.tags, [idTag]: model.id }),
        })
        there = (await must(Promise.resolve(made), 'Logged models')).model
      }
      models.set(model.id, { id: there.info.model_id, artifacts: there.info.artifact_uri })
      if (!present && model.status !== 'LOGGED_MODEL_PENDING')
        await client.call('PATCH', `logged-models/${there.info.model_id}`, {
          model_id: there.info.model_id,
          status: model.status,
        })
      return present ? 'present' : 'created'
    },

    async run(run, points) {
      const experiment_id = experiments.get(run.experimentId)
      if (experiment_id === undefined) return 'present'
      const found = await client.call<{ runs?: RunAnswer['run'][] }>('POST', 'runs/search', {
        experiment_ids: [experiment_id],
        filter: `tags.\`${idTag}\` = '${run.id}'`,
        run_view_type: 'ALL',
        max_results: 1,
      })
      let there = found?.runs?.[0]
      const present = there !== undefined
      if (!there) {
        const made = await client.call<RunAnswer>('POST', 'runs/create', {
          experiment_id,
          user_id: run.user,
          run_name: run.name,
          start_time: run.startTime ?? undefined,
          tags: [{ key: idTag, value: run.id }],
        })
        there = (await must(Promise.resolve(made), 'Runs')).run
      }
      const { run_id, artifact_uri } = there.info
      runs.set(run.id, { id: run_id, artifacts: artifact_uri })
      const deleted = present && run.state === 'deleted'
      if (deleted) return 'present'
      const batches: Record<string, unknown>[] = []
      for (const name of ['params', 'tags'] as const) {
        const list = pairList(run[name])
        for (let i = 0; i < list.length; i += batchPairs) batches.push({ [name]: list.slice(i, i + batchPairs) })
      }
      for (const fields of batches) await client.call('POST', 'runs/log-batch', { run_id, ...fields })
      for await (const page of points)
        for (let i = 0; i < page.length; i += batchPoints)
          await client.call('POST', 'runs/log-batch', {
            run_id,
            metrics: page
              .slice(i, i + batchPoints)
              .map(({ key, value, step, time }) => ({ key, value: wire(value), step, timestamp: time })),
          })
      if (run.datasets.length > 0 || run.inputModels.length > 0)
        await client.call('POST', 'runs/log-inputs', {
          run_id,
          datasets: run.datasets.map(({ tags, sourceType, schema, profile, ...dataset }) => ({
            tags,
            dataset: {
              ...dataset,
              source_type: sourceType,
              ...(schema === null ? {} : { schema }),
              ...(profile === null ? {} : { profile }),
            },
          })),
          models: run.inputModels.map((id) => ({ model_id: models.get(id)?.id ?? id })),
        })
      const made = run.outputModels.filter(({ id }) => models.has(id))
      if (made.length > 0 && !present)
        await client.call('POST', 'runs/outputs', {
          run_id,
          models: made.map(({ id, step }) => ({ model_id: models.get(id)!.id, step })),
        })
      await client.call('POST', 'runs/update', {
        run_id,
        status: run.status,
        ...(run.endTime === null ? {} : { end_time: run.endTime }),
      })
      if (run.state === 'deleted') await client.call('POST', 'runs/delete', { run_id })
      return present ? 'present' : 'created'
    },

    async file(owner, file) {
      const place = 'run' in owner ? runs.get(owner.run.id) : models.get(owner.model.id)
      if (!place) return undefined
      const root = /^mlflow-artifacts:(?:\/\/[^/]*)?\/*(.*)$/.exec(place.artifacts)?.[1]
      if (root === undefined)
        throw new KedgeError('unsupported', {
          what: `Its artifacts go to ${place.artifacts.replace(/\/\/[^@/]*@/, '//')}, past the server; writing there`,
        })
      const directory = file.path.includes('/') ? `/${file.path.slice(0, file.path.lastIndexOf('/'))}` : ''
      const listed = await client.call<{ files?: { path: string; file_size?: number | string }[] }>(
        'GET',
        '/api/2.0/mlflow-artifacts/artifacts',
        { path: root + directory },
      )
      const name = file.path.slice(file.path.lastIndexOf('/') + 1)
      const there = listed?.files?.find((one) => one.path === name || one.path.endsWith(`/${name}`))
      if (there && file.bytes !== null && Number(there.file_size) === file.bytes) return undefined
      const path = `${root}/${file.path}`.split('/').map(encodeURIComponent).join('/')
      await client.put(`/api/2.0/mlflow-artifacts/artifacts/${path}`, await file.open())
      return file.bytes ?? 0
    },

    async model(model) {
      const there = await client.call('GET', 'registered-models/get', { name: model.name })
      if (!there)
        await client.call('POST', 'registered-models/create', {
          name: model.name,
          description: model.description ?? undefined,
          tags: pairList(model.tags),
        })
      for (const version of [...model.versions].sort((a, b) => a.version - b.version)) {
        const known = await client.call<{ model_version: { source: string } }>('GET', 'model-versions/get', {
          name: model.name,
          version: version.version,
        })
        if (known) continue
        const create = async () =>
          Number(
            (
              await must(
                client.call<{ model_version: { version: string } }>('POST', 'model-versions/create', {
                  name: model.name,
                  source: sourceThere(version.source),
                  run_id: (version.runId && runs.get(version.runId)?.id) || undefined,
                  model_id: (version.modelId && models.get(version.modelId)?.id) || undefined,
                  description: version.description ?? undefined,
                  tags: pairList(version.tags),
                }),
                'Registered models',
              )
            ).model_version.version,
          )
        let number = await create()
        // numbers are given in a row: those of versions that are gone are given and taken away
        while (number < version.version) {
          await client.call('DELETE', 'model-versions/delete', { name: model.name, version: String(number) })
          number = await create()
        }
        if (number !== version.version)
          problems.push(`version ${version.version} of ${model.name} is version ${number} there`)
        if (version.stage !== 'None')
          await client.call('POST', 'model-versions/transition-stage', {
            name: model.name,
            version: String(number),
            stage: version.stage,
            archive_existing_versions: false,
          })
      }
      for (const [alias, version] of Object.entries(model.aliases))
        await client.call('POST', 'registered-models/alias', { name: model.name, alias, version: String(version) })
      return there ? 'present' : 'created'
    },
  }
}
