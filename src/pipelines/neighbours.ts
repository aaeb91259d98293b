import type { ModelKind } from '../contracts/model-kind.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'

/** What pipelines need of the data domain. */
export interface DatasetsPart {
  version(project: string, dataset: string, version: number | 'latest'): Promise<DatasetVersionPart>
  /** The version with the dataset's rows in `[from, to)`, made unless it exists. */
  materialiseNow(
    context: ChangeContext,
    request: { project: string; dataset: string; from?: number; to?: number },
    work: { signal: AbortSignal; progress(value: unknown): void },
  ): Promise<DatasetVersionPart>
  /** Absolute path of its Parquet file. */
  localFile(version: DatasetVersionPart): Promise<string>
}

export interface DatasetVersionPart {
  project: string
  dataset: string
  version: number
  digest: string
  bytes: number
}

/** What pipelines need of the tracking domain. */
export interface TrackingPart {
  experiments: { ensure(context: ChangeContext, project: string, name: string): Promise<string> }
  runs: {
    create(
      change: Change,
      run: {
        project: string
        experimentId: string
        name: string
        user: string
        pipelineRun: number
        step: string
        tags: { key: string; value: string }[]
      },
    ): Promise<{ id: string }>
    get(project: string, id: string): Promise<{ artifactUri: string }>
    /** A run that has ended stays as it is. */
    finish(change: Change, project: string, id: string, status: 'FINISHED' | 'FAILED' | 'KILLED'): Promise<void>
  }
  artifacts: {
    put(context: ChangeContext, project: string, path: string, content: Uint8Array): Promise<unknown>
  }
  inputs: {
    log(
      change: Change,
      project: string,
      runId: string,
      inputs: {
        datasets: {
          name: string
          digest: string
          sourceType: string
          source: string
          schema: string | null
          profile: string | null
          tags: { key: string; value: string }[]
        }[]
      },
    ): Promise<void>
  }
}

export interface NewModelVersion {
  runId?: string
  pipelineRunId: number
  step: string
  artifact: { digest: string; kind: ModelKind; bytes: number }
  datasetVersions: { dataset: string; version: number; role: string }[]
  codeDigest?: string
  environmentDigest?: string
  /** what the model folder's `kedge-model.json` says, when it has one */
  signature?: unknown
  holdout?: { dataset: string; version: number }
  asOf?: number
}

/** What pipelines need of the registry. */
export interface RegistryPart {
  /** Errors: `model_unloadable` for a folder that cannot be a model. */
  check?(digest: string, kind: string): Promise<void>
  versions: {
    /** Once for each model, pipeline run and step. */
    create(change: Change, project: string, model: string, version: NewModelVersion): Promise<{ version: number }>
  }
}
