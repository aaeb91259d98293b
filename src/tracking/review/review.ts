import type { Environment } from '../../environment.ts'
import type { Experiments } from '../experiments.ts'
import { createIssues } from './issues.ts'
import { createLabelSchemas } from './label-schemas.ts'
import { createReviewQueues } from './review-queues.ts'

/** What people say of traces: issues, the questions that they answer, and the queues of what is to be looked at. */
export function createReview(environment: Pick<Environment, 'store' | 'journal'>, experiments: Experiments) {
  return {
    issues: createIssues(environment, experiments),
    labelSchemas: createLabelSchemas(environment, experiments),
    queues: createReviewQueues(environment, experiments),
  }
}
