import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, path, queryString } from './client.ts'
import type { ArtifactList, Experiment, Items, MetricHistory, RunDetail, RunList } from './types.ts'

const at = (project: string, ...rest: (string | number)[]) => path('projects', project, ...rest)

export const experimentsQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'tracking', 'experiments'],
    queryFn: ({ signal }) => api<Items<Experiment>>(at(project, 'experiments'), { signal }),
  })

const pageSize = 200

export interface RunFilter {
  /** in the API's filter language */
  filter?: string | undefined
  /** ids of experiments */
  experiment?: string | undefined
  order?: string | undefined
}

/** Runs page after page. */
export const runsQuery = (project: string, filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: [project, 'tracking', 'runs', filter],
    queryFn: ({ signal, pageParam }) =>
      api<RunList>(at(project, 'runs'), { signal, query: { ...filter, limit: pageSize, offset: pageParam } }),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => (last.items.length < pageSize ? undefined : pages.length * pageSize),
    placeholderData: (previous) => previous,
  })

export const latestRunQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'tracking', 'latest'],
    queryFn: ({ signal }) => api<RunList>(at(project, 'runs'), { signal, query: { limit: 1 } }),
  })

export const runQuery = (project: string, run: string) =>
  queryOptions({
    queryKey: [project, 'tracking', 'run', run],
    queryFn: ({ signal }) => api<RunDetail>(at(project, 'runs', run), { signal }),
  })

export const metricQuery = (project: string, run: string, metric: string) =>
  queryOptions({
    queryKey: [project, 'tracking', 'metric', run, metric],
    queryFn: ({ signal }) =>
      api<MetricHistory>(at(project, 'runs', run, 'metrics'), { signal, query: { key: metric } }),
  })

export const artifactsQuery = (project: string, run: string, folder: string) =>
  queryOptions({
    queryKey: [project, 'tracking', 'artifacts', run, folder],
    queryFn: ({ signal }) =>
      api<ArtifactList>(at(project, 'runs', run, 'artifacts'), { signal, query: { path: folder } }),
  })

export const artifactUrl = (project: string, run: string, file: string) =>
  `/api/v1${at(project, 'runs', run, 'artifacts', 'file')}${queryString({ path: file })}`
