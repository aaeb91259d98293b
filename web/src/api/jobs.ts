import { queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'

export interface Job {
  id: number
  kind: string
  state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'
  progress: unknown
  result: unknown
  error: { code: string; message: string; todo: string } | null
  createdAt: number
  finishedAt: number | null
}

const asked = 600

/** A job until it ends. */
export const jobQuery = (project: string, id: number) =>
  queryOptions({
    queryKey: [project, 'job', id],
    queryFn: ({ signal }) => api<Job>(path('projects', project, 'jobs', id), { signal }),
    refetchInterval: ({ state }) => (/queued|running/.test(state.data?.state ?? 'queued') ? asked : false),
  })

export const cancelJob = (project: string, id: number) =>
  api<Job>(path('projects', project, 'jobs', id, 'cancel'), { method: 'POST' })
