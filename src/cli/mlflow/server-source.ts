import { KedgeError } from '../../errors.ts'
import type { MlflowClient } from './mlflow-client.ts'
import {
  loggedModelStatus,
  type MlflowSource,
  pairsOf,
  runStatus,
  type SourceFile,
  type SourceLoggedModel,
  type SourceModel,
  type SourceRun,
} from './mlflow-source.ts'

type Pair = { key: string; value: string }
type Numeric = number | string

interface WireRun {
  info: {
    run_id: string
    run_name?: string
    experiment_id: string
    user_id?: string
    status: string
    start_time?: Numeric
    end_time?: Numeric
    artifact_uri?: string
    lifecycle_stage?: string
  }
  data?: { metrics?: { key: string }[]; params?: Pair[]; tags?: Pair[] }
  inputs?: {
    dataset_inputs?: {
      tags?: Pair[]
      dataset: {
        name: string
        digest: string
        source_type: string
        source: string
        schema?: string
        profile?: string
      }
    }[]
    model_inputs?: { model_id: string }[]
  }
  outputs?: { model_outputs?: { model_id: string; step?: Numeric }[] }
}

interface WirePoint {
  key: string
  value: Numeric
  timestamp: Numeric
  step?: Numeric
  run_id?: string
  dataset_name?: string
  dataset_digest?: string
}

const whole = (value: Numeric | undefined) => (value === undefined ? null : Number(value))
const point = ({ key, value, timestamp, step }: WirePoint) => ({
  key,
  value: Number(value),
  time: Number(timestamp),
  step: Number(step ?? 0),
})

/** What a server of MLflow's API holds. Deleted logged models and the time of a deletion it does not tell. */
export function openMlflowServer(client: MlflowClient): MlflowSource {
  async function* paged<T>(
    method: 'GET' | 'POST',
    path: string,
    fields: Record<string, unknown>,
    name: string,
  ): AsyncGenerator<T> {
    let token: string | undefined
    do {
      const page = await client.call<Record<string, unknown>>(method, path, { ...fields, page_token: token })
      yield* ((page?.[name] as T[]) ?? []) as T[]
      token = (page?.next_page_token as string) || undefined
    } while (token)
  }

  /** What lies below a directory, by a listing that shows one level. */
  async function* walk(
    list: (path: string) => Promise<{ path: string; is_dir?: boolean; file_size?: Numeric }[]>,
    open: (path: string) => SourceFile['open'],
    directory = '',
  ): AsyncGenerator<SourceFile> {
    for (const entry of await list(directory)) {
      const path = entry.path.startsWith(directory) ? entry.path : `${directory}/${entry.path}`
      if (entry.is_dir) yield* walk(list, open, path)
      else yield { path, bytes: whole(entry.file_size), open: open(path) }
    }
  }
  const encoded = (path: string) => path.split('/').map(encodeURIComponent).join('/')
  type Listing = { files?: { path: string; is_dir?: boolean; file_size?: Numeric }[] }

  return {
    title: `the server ${client.url}`,

    async *experiments() {
      for await (const row of paged<{
        experiment_id: string
        name: string
        lifecycle_stage?: string
        creation_time?: Numeric
        last_update_time?: Numeric
        tags?: Pair[]
      }>('POST', 'experiments/search', { view_type: 'ALL', max_results: 1000 }, 'experiments'))
        yield {
          id: row.experiment_id,
          name: row.name,
          state: row.lifecycle_stage === 'deleted' ? 'deleted' : 'active',
          createdAt: whole(row.creation_time) ?? 0,
          updatedAt: whole(row.last_update_time) ?? 0,
          tags: pairsOf(row.tags),
        }
    },

    async *runs(experimentId) {
      // by the time of their start, rising: runs that are added meanwhile come at the end and move no page
      for await (const { info, data, inputs, outputs } of paged<WireRun>(
        'POST',
        'runs/search',
        {
          experiment_ids: [experimentId],
          run_view_type: 'ALL',
          max_results: 500,
          order_by: ['attributes.start_time ASC'],
        },
        'runs',
      )) {
        const tags = pairsOf(data?.tags)
        yield {
          id: info.run_id,
          experimentId,
          name: info.run_name || tags['mlflow.runName'] || info.run_id,
          user: info.user_id ?? '',
          status: runStatus(info.status),
          startTime: whole(info.start_time),
          endTime: whole(info.end_time),
          state: info.lifecycle_stage === 'deleted' ? 'deleted' : 'active',
          deletedAt: null,
          params: pairsOf(data?.params),
          tags,
          datasets: (inputs?.dataset_inputs ?? []).map(({ dataset, tags: own }) => ({
            name: dataset.name,
            digest: dataset.digest,
            sourceType: dataset.source_type,
            source: dataset.source,
            schema: dataset.schema ?? null,
            profile: dataset.profile ?? null,
            tags: own ?? [],
          })),
          inputModels: (inputs?.model_inputs ?? []).map((input) => input.model_id),
          outputModels: (outputs?.model_outputs ?? []).map((output) => ({
            id: output.model_id,
            step: Number(output.step ?? 0),
          })),
          artifacts: info.artifact_uri ?? '',
        } satisfies SourceRun
      }
    },

    async *points(run) {
      const found = await client.call<{ run: WireRun }>('GET', 'runs/get', { run_id: run.id })
      for (const { key } of found?.run.data?.metrics ?? []) {
        let page: ReturnType<typeof point>[] = []
        for await (const row of paged<WirePoint>(
          'GET',
          'metrics/get-history',
          { run_id: run.id, metric_key: key, max_results: 25_000 },
          'metrics',
        )) {
          page.push({ ...point(row), key })
          if (page.length < 10_000) continue
          yield page
          page = []
        }
        if (page.length > 0) yield page
      }
    },

    async *loggedModels(experimentId) {
      for await (const { info, data } of paged<{
        info: {
          model_id: string
          name: string
          model_type?: string
          status: Numeric
          source_run_id?: string
          creation_timestamp_ms: Numeric
          last_updated_timestamp_ms: Numeric
          artifact_uri: string
          tags?: Pair[]
        }
        data?: { params?: Pair[]; metrics?: WirePoint[] }
      }>('POST', 'logged-models/search', { experiment_ids: [experimentId], max_results: 50 }, 'models'))
        yield {
          id: info.model_id,
          experimentId,
          name: info.name,
          type: info.model_type ?? '',
          status: loggedModelStatus(info.status),
          sourceRun: info.source_run_id || null,
          createdAt: Number(info.creation_timestamp_ms),
          updatedAt: Number(info.last_updated_timestamp_ms),
          state: 'active',
          params: pairsOf(data?.params),
          tags: pairsOf(info.tags),
          artifacts: info.artifact_uri,
          metrics: (data?.metrics ?? []).map((metric) => ({
            ...point(metric),
            run: metric.run_id ?? '',
            datasetName: metric.dataset_name ?? '',
            datasetDigest: metric.dataset_digest ?? '',
          })),
        } satisfies SourceLoggedModel
    },

    async *models() {
      for await (const model of paged<{
        name: string
        description?: string
        creation_timestamp?: Numeric
        last_updated_timestamp?: Numeric
        tags?: Pair[]
        aliases?: { alias: string; version: Numeric }[]
      }>('GET', 'registered-models/search', { max_results: 100 }, 'registered_models')) {
        const versions: SourceModel['versions'] = []
        for await (const version of paged<{
          version: Numeric
          current_stage?: string
          status?: string
          status_message?: string
          description?: string
          user_id?: string
          source?: string
          run_id?: string
          run_link?: string
          model_id?: string
          creation_timestamp?: Numeric
          last_updated_timestamp?: Numeric
          tags?: Pair[]
        }>(
          'GET',
          'model-versions/search',
          { filter: `name='${model.name.replaceAll("'", "\\'")}'`, max_results: 1000 },
          'model_versions',
        ))
          versions.push({
            version: Number(version.version),
            stage: version.current_stage || 'None',
            status: version.status || 'READY',
            statusMessage: version.status_message || null,
            description: version.description || null,
            user: version.user_id || null,
            source: version.source ?? '',
            runId: version.run_id || null,
            runLink: version.run_link || null,
            modelId: version.model_id || /^models:\/+(m-[0-9a-f]+)/.exec(version.source ?? '')?.[1] || null,
            createdAt: whole(version.creation_timestamp) ?? 0,
            updatedAt: whole(version.last_updated_timestamp) ?? 0,
            tags: pairsOf(version.tags),
          })
        const shown = await client.call<{ registered_model: { aliases?: { alias: string; version: Numeric }[] } }>(
          'GET',
          'registered-models/get',
          { name: model.name },
        )
        const aliases = shown?.registered_model.aliases ?? model.aliases ?? []
        yield {
          name: model.name,
          description: model.description || null,
          createdAt: whole(model.creation_timestamp) ?? 0,
          updatedAt: whole(model.last_updated_timestamp) ?? 0,
          tags: pairsOf(model.tags),
          aliases: Object.fromEntries(aliases.map(({ alias, version }) => [alias, Number(version)])),
          versions,
        } satisfies SourceModel
      }
    },

    files(artifacts, owner) {
      const proxied = /^mlflow-artifacts:(?:\/\/[^/]*)?\/*(.*)$/.exec(artifacts)?.[1]
      if (proxied !== undefined) {
        const root = '/api/2.0/mlflow-artifacts/artifacts'
        return walk(
          async (path) =>
            (
              (await client.call<Listing>('GET', root, { path: path === '' ? proxied : `${proxied}/${path}` }))
                ?.files ?? []
            ).map((file) => ({ ...file, path: path === '' ? file.path : `${path}/${file.path}` })),
          (path) => () => client.open(`${root}/${encoded(`${proxied}/${path}`)}`),
        )
      }
      if ('run' in owner)
        return walk(
          async (path) =>
            (
              await client.call<Listing>('GET', 'artifacts/list', {
                run_id: owner.run,
                ...(path === '' ? {} : { path }),
              })
            )?.files ?? [],
          (path) => () => client.open(`/get-artifact?${new URLSearchParams({ run_id: owner.run, path })}`),
        )
      const model = `/api/2.0/mlflow/logged-models/${encodeURIComponent(owner.model)}/artifacts`
      if (artifacts === '') throw new KedgeError('unsupported', { what: `Reading the files of ${owner.model}` })
      return walk(
        async (path) =>
          (
            await client.call<Listing>('GET', `${model}/directories`, {
              ...(path === '' ? {} : { artifact_directory_path: path }),
            })
          )?.files ?? [],
        (path) => () =>
          client.open(
            `${model.replace('/api/', '/ajax-api/')}/files?${new URLSearchParams({ artifact_file_path: path })}`,
          ),
      )
    },
    close() {},
  }
}
