import type { Environment } from '../environment.ts'
import { createArtifacts } from './artifacts.ts'
import { createBulkRuns } from './bulk-runs.ts'
import { createEvaluation } from './evaluation/evaluation.ts'
import { createExperiments } from './experiments.ts'
import { groupRuns } from './group-runs.ts'
import { createLoggedModels } from './logged-models.ts'
import { createMetricHistory } from './metric-history.ts'
import { createMetricPlots } from './plot-metric.ts'
import { createReview } from './review/review.ts'
import { readRunCells } from './run-cells.ts'
import { createRunColumns } from './run-columns.ts'
import { createRunInputs } from './run-inputs.ts'
import { createRunValues } from './run-values.ts'
import { createRunViews } from './run-views.ts'
import { createRuns } from './runs.ts'
import { createRunSearch } from './search-runs.ts'
import { createTraces } from './traces/traces.ts'
import { createUploads } from './uploads.ts'

/** Experiments, runs and what they log: everything that MLflow's tracking API stores. */
export function createTracking(environment: Pick<Environment, 'store' | 'journal' | 'jobs' | 'blobs' | 'clock'>) {
  const experiments = createExperiments(environment)
  const runs = createRuns(environment, experiments)
  const artifacts = createArtifacts(environment)
  return {
    experiments,
    runs: { ...runs, ...createRunSearch(environment, experiments) },
    values: createRunValues(environment, runs),
    inputs: createRunInputs(environment, runs),
    plots: createMetricPlots(environment),
    bulk: createBulkRuns(environment),
    columns: createRunColumns(environment),
    views: createRunViews(environment),
    cells: (project: string, ids: readonly string[], fields: readonly string[]) =>
      readRunCells(environment, project, ids, fields),
    groups: (where: Parameters<typeof groupRuns>[1], by: readonly string[], metrics: readonly string[]) =>
      groupRuns(environment, where, by, metrics),
    history: createMetricHistory(environment),
    loggedModels: createLoggedModels(environment, experiments),
    artifacts,
    uploads: createUploads(environment, artifacts),
    evaluation: createEvaluation(environment, experiments),
    review: createReview(environment, experiments),
    traces: createTraces(environment, { experiments, runs }),
  }
}

export type Tracking = ReturnType<typeof createTracking>
