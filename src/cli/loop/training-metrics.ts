import type { z } from 'zod'
import type { metricHistory, runList } from '../../protocols/kedge/schemas/tracking.ts'
import type { ApiClient } from '../api-client.ts'

export interface TrainingMetric {
  run: string
  /** of the logged points, in order */
  steps: number[]
}

/** The training loss as each finished run has logged it. */
export async function readTrainingMetrics(api: ApiClient, project: string): Promise<TrainingMetric[]> {
  const base = `/api/v1/projects/${project}/runs`
  const { items } = await api.get<z.output<typeof runList>>(base, { limit: 1000 })
  const finished = items.filter(({ status, metrics }) => status === 'FINISHED' && 'training_loss' in metrics)
  return Promise.all(
    finished.map(async ({ id }) => {
      const { points } = await api.get<z.output<typeof metricHistory>>(`${base}/${id}/metrics`, {
        key: 'training_loss',
        points: 100_000,
      })
      return { run: id, steps: points.map(({ step }) => step).sort((a, b) => a - b) }
    }),
  )
}
