import type { ArtifactEntry } from '../../tracking/artifacts.ts'
import type { Experiment } from '../../tracking/experiment.ts'
import type { LoggedModel } from '../../tracking/logged-model.ts'
import type { MetricPoint, Run, RunTexts } from '../../tracking/run.ts'

/** Numbers that JSON has not, as protobuf writes them. */
export const numberText = (value: number): number | string =>
  Number.isFinite(value) ? value : Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'

/** Protobuf's JSON has no empty lists. */
const list = <T>(name: string, items: T[]) => (items.length > 0 ? { [name]: items } : {})

/** A record as MLflow's list of keys and values. */
export const pairs = (record: Record<string, string>) => Object.entries(record).map(([key, value]) => ({ key, value }))

/** MLflow's Experiment. */
export const experimentAnswer = (experiment: Experiment) => ({
  experiment_id: experiment.id,
  name: experiment.name,
  artifact_location: experiment.artifactLocation,
  lifecycle_stage: experiment.state,
  last_update_time: experiment.updatedAt,
  creation_time: experiment.createdAt,
  ...list('tags', pairs(experiment.tags)),
})

/** MLflow's Metric. */
export const metricAnswer = (key: string, point: MetricPoint) => ({
  key,
  value: numberText(point.value),
  timestamp: point.time,
  step: point.step,
})

/** MLflow's RunInfo. */
export const runInfo = (run: Omit<Run, 'params' | 'tags' | 'metrics'>) => ({
  run_uuid: run.id,
  run_id: run.id,
  run_name: run.name,
  experiment_id: run.experimentId,
  user_id: run.user,
  status: run.status,
  ...(run.startTime === null ? {} : { start_time: run.startTime }),
  ...(run.endTime === null ? {} : { end_time: run.endTime }),
  artifact_uri: run.artifactUri,
  lifecycle_stage: run.state,
})

/** MLflow's Run as JSON, from what the store wrote. */
export function runText(run: RunTexts): string {
  const data = [
    run.metrics && `"metrics":${run.metrics}`,
    run.params && `"params":${run.params}`,
    run.tags && `"tags":${run.tags}`,
  ]
  const { inputs, outputs } = runLinks(run)
  return `{"info":${JSON.stringify(runInfo(run))},"data":{${data.filter(Boolean).join()}},"inputs":${JSON.stringify(inputs)},"outputs":${JSON.stringify(outputs)}}`
}

/** What a run used and made. */
const runLinks = (run: Pick<Run, 'datasets' | 'models'>) => ({
  inputs: {
    ...list(
      'dataset_inputs',
      run.datasets.map((dataset) => ({
        ...list('tags', dataset.tags),
        dataset: {
          name: dataset.name,
          digest: dataset.digest,
          source_type: dataset.sourceType,
          source: dataset.source,
          ...(dataset.schema === null ? {} : { schema: dataset.schema }),
          ...(dataset.profile === null ? {} : { profile: dataset.profile }),
        },
      })),
    ),
    ...list(
      'model_inputs',
      run.models.filter((model) => model.direction === 'input').map((model) => ({ model_id: model.id })),
    ),
  },
  outputs: {
    ...list(
      'model_outputs',
      run.models
        .filter((model) => model.direction === 'output')
        .map((model) => ({ model_id: model.id, step: model.step })),
    ),
  },
})

/** MLflow's Run. */
export const runAnswer = (run: Run) => ({
  info: runInfo(run),
  data: {
    ...list(
      'metrics',
      Object.entries(run.metrics).map(([key, point]) => metricAnswer(key, point)),
    ),
    ...list('params', pairs(run.params)),
    ...list('tags', pairs(run.tags)),
  },
  ...runLinks(run),
})

/** MLflow's LoggedModel. */
export const loggedModelAnswer = (model: LoggedModel) => ({
  info: {
    model_id: model.id,
    experiment_id: model.experimentId,
    name: model.name,
    creation_timestamp_ms: model.createdAt,
    last_updated_timestamp_ms: model.updatedAt,
    artifact_uri: model.artifactUri,
    status: model.status,
    ...(model.type === '' ? {} : { model_type: model.type }),
    ...(model.sourceRun === null ? {} : { source_run_id: model.sourceRun }),
    ...list('tags', pairs(model.tags)),
  },
  data: {
    ...list('params', pairs(model.params)),
    ...list(
      'metrics',
      model.metrics.map((metric) => ({
        ...metricAnswer(metric.key, metric),
        model_id: model.id,
        run_id: metric.runId,
        ...(metric.datasetName === '' ? {} : { dataset_name: metric.datasetName }),
        ...(metric.datasetDigest === '' ? {} : { dataset_digest: metric.datasetDigest }),
      })),
    ),
  },
})

/** Entries of a directory; `path` as the caller counts it: relative to the root that was asked for. */
export const filesAnswer = (entries: readonly ArtifactEntry[], path: (entry: ArtifactEntry) => string) =>
  list(
    'files',
    entries.map((entry) => ({
      path: path(entry),
      is_dir: entry.directory,
      ...(entry.bytes === null ? {} : { file_size: entry.bytes }),
    })),
  )
