import type { Environment } from '../../environment.ts'
import type { Experiments } from '../experiments.ts'
import { createDatasets } from './datasets.ts'
import { createRecords } from './records.ts'
import { createScorers } from './scorers.ts'

/** By what answers are judged: datasets of examples with their records, and scorers. */
export function createEvaluation(environment: Pick<Environment, 'store' | 'journal'>, experiments: Experiments) {
  return {
    datasets: createDatasets(environment, experiments),
    records: createRecords(environment),
    scorers: createScorers(environment, experiments),
  }
}
