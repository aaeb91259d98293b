import { queryOptions } from '@tanstack/react-query'
import { api, path, queryString } from './client.ts'
import type { ArtifactList, Experiment, Items, MetricHistory, RunDetail, RunList } from './types.ts'

const at = (project: string, ...rest: (string | number)[]) => path('projects', project, ...rest)

export const experimentsQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'tracking', 'experiments'],
    queryFn: ({ signal }) => api<Items<Experiment>>(at(project, 'experiments'), { signal }),
  })

export const runsQuery = (
  project: string,
  filter: { filter?: string; order?: string; limit?: number; offset?: number } = {},
) =>
  queryOptions({
    queryKey: [project, 'tracking', 'runs', filter],
    queryFn: ({ signal }) => api<RunList>(at(project, 'runs'), { signal, query: { limit: 1000, ...filter } }),
    placeholderData: (previous) => previous,
  })

export const runQuery = (project: string, run: string) =>
  queryOptions({
    queryKey: [project, 'tracking', 'run', run],
    queryFn: ({ signal }) => api<RunDetail>(at(project, 'runs', run), { signal }),
  })

export const metricQuery = (project: string, run: string, metric: string) =>
  queryOptions({
    queryKey: [project, 'tracking', 'metric', run, metric],
    queryFn: ({ signal }) => api<MetricHistory>(at(project, 'runs', run, 'metrics', metric), { signal }),
  })

export const artifactsQuery = (project: string, run: string, folder: string) =>
  queryOptions({
    queryKey: [project, 'tracking', 'artifacts', run, folder],
    queryFn: ({ signal }) =>
      api<ArtifactList>(at(project, 'runs', run, 'artifacts'), { signal, query: { path: folder } }),
  })

export const artifactUrl = (project: string, run: string, file: string) =>
  `/api/v1${at(project, 'runs', run, 'artifact')}${queryString({ path: file })}`
