import type { NewJob } from '../jobs/job.ts'

export interface GateJob {
  model: string
  version: number
}

/** The job that decides about one version. */
export const gateJob = (project: string, model: string, version: number): NewJob => ({
  kind: 'registry.gate',
  key: `${project}/${model}@${version}`,
  project,
  payload: { model, version } satisfies GateJob,
})
