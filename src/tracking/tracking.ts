import type { Environment } from '../environment.ts'
import { createArtifacts } from './artifacts.ts'
import { createExperiments } from './experiments.ts'
import { createLoggedModels } from './logged-models.ts'
import { createMetricHistory } from './metric-history.ts'
import { createRunInputs } from './run-inputs.ts'
import { createRunValues } from './run-values.ts'
import { createRuns } from './runs.ts'
import { createRunSearch } from './search-runs.ts'

/** Experiments, runs and what they log: everything that MLflow's tracking API stores. */
export function createTracking(environment: Pick<Environment, 'store' | 'journal' | 'blobs'>) {
  const experiments = createExperiments(environment)
  const runs = createRuns(environment, experiments)
  return {
    experiments,
    runs: { ...runs, ...createRunSearch(environment, experiments) },
    values: createRunValues(environment, runs),
    inputs: createRunInputs(environment, runs),
    history: createMetricHistory(environment, runs),
    loggedModels: createLoggedModels(environment, experiments),
    artifacts: createArtifacts(environment),
  }
}

export type Tracking = ReturnType<typeof createTracking>
