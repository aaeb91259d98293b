import { queryOptions } from '@tanstack/react-query'
import { api, authorization, path, queryString, send } from './client.ts'
import type {
  ArtifactList,
  BulkAnswer,
  Curve,
  Experiment,
  Items,
  RunCells,
  RunColumns,
  RunComparison,
  RunDetail,
  RunGroups,
  RunList,
  RunView,
} from './types.ts'

const at = (project: string, ...rest: (string | number)[]) => path('projects', project, ...rest)

export const experimentsQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'tracking', 'experiments'],
    queryFn: ({ signal }) => api<Items<Experiment>>(at(project, 'experiments'), { signal }),
  })

export interface RunFilter {
  /** in the API's filter language */
  filter?: string | undefined
  /** ids of experiments, separated by commas */
  experiment?: string | undefined
  order?: string | undefined
  view?: string | undefined
}

/** Runs a page of the table has. */
export const runsPageSize = 100

/** A page of runs without what they have logged: the cells come in tiles. */
export const runsPageQuery = (project: string, filter: RunFilter, page: number) =>
  queryOptions({
    queryKey: [project, 'tracking', 'runs', filter, page],
    queryFn: ({ signal }) =>
      api<RunList>(at(project, 'runs'), {
        signal,
        query: { ...filter, values: false, limit: runsPageSize, offset: page * runsPageSize },
      }),
  })

/** The values of some columns in some runs. */
export const runCellsQuery = (project: string, runs: string[], fields: string[]) =>
  queryOptions({
    queryKey: [project, 'tracking', 'cells', runs, fields],
    queryFn: ({ signal }) =>
      api<RunCells>(at(project, 'runs', 'cells'), { method: 'POST', signal, body: { runs, fields } }),
    enabled: runs.length > 0 && fields.length > 0,
  })

export const runColumnsQuery = (project: string, experiment?: string) =>
  queryOptions({
    queryKey: [project, 'tracking', 'columns', experiment ?? ''],
    queryFn: ({ signal }) => api<RunColumns>(at(project, 'runs', 'columns'), { signal, query: { experiment } }),
    staleTime: 20_000,
    // the newest runs are counted first, the others meanwhile
    refetchInterval: (query) => (query.state.data?.complete === false ? 700 : false),
  })

export const columnValuesQuery = (project: string, field: string, prefix: string) =>
  queryOptions({
    queryKey: [project, 'tracking', 'values', field, prefix],
    queryFn: ({ signal }) =>
      api<Items<{ value: string; runs: number }>>(at(project, 'runs', 'columns', 'values'), {
        signal,
        query: { field, prefix, limit: 12 },
      }),
    enabled: field !== '',
  })

export const runGroupsQuery = (project: string, filter: RunFilter, by: string, metrics: string[]) =>
  queryOptions({
    queryKey: [project, 'tracking', 'groups', filter, by, metrics],
    queryFn: ({ signal }) =>
      api<RunGroups>(at(project, 'runs', 'groups'), {
        signal,
        query: { ...filter, order: undefined, by, metrics: metrics.join(',') },
      }),
    enabled: by !== '',
  })

export const runIds = (project: string, filter: RunFilter) =>
  api<Items<string>>(at(project, 'runs', 'ids'), { query: { ...filter } })

export type BulkAction =
  | { action: 'delete' | 'restore'; runs: string[] }
  | { action: 'tag'; runs: string[]; key: string; value: string | null }

export const changeRuns = (project: string, body: BulkAction) =>
  api<BulkAnswer>(at(project, 'runs', 'bulk'), { method: 'POST', body })

export const runViewsQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'tracking', 'views'],
    queryFn: ({ signal }) => api<Items<RunView>>(at(project, 'runs', 'views'), { signal }),
  })

export const saveRunView = (project: string, name: string, query: string) =>
  api<Items<RunView>>(at(project, 'runs', 'views', name), { method: 'PUT', body: { query } })

export const deleteRunView = (project: string, name: string) =>
  api<Items<RunView>>(at(project, 'runs', 'views', name), { method: 'DELETE' })

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

export const comparisonQuery = (project: string, runs: string[]) =>
  queryOptions({
    queryKey: [project, 'tracking', 'compare', runs],
    queryFn: ({ signal }) =>
      api<RunComparison>(at(project, 'runs', 'compare'), { signal, query: { runs: runs.join(',') } }),
    enabled: runs.length > 0,
  })

export interface CurveRange {
  axis: 'step' | 'time' | 'elapsed'
  from?: number | undefined
  to?: number | undefined
  /** of each curve, about */
  points: number
}

export const curvesQuery = (project: string, curves: { run: string; key: string }[], range: CurveRange) =>
  queryOptions({
    queryKey: [project, 'tracking', 'curves', curves, range],
    queryFn: ({ signal }) =>
      api<Items<Curve>>(at(project, 'runs', 'curves'), { method: 'POST', signal, body: { curves, ...range } }),
    enabled: curves.length > 0,
  })

export const artifactsQuery = (project: string, run: string, folder: string) =>
  queryOptions({
    queryKey: [project, 'tracking', 'artifacts', run, folder],
    queryFn: ({ signal }) =>
      api<ArtifactList>(at(project, 'runs', run, 'artifacts'), { signal, query: { path: folder } }),
  })

export const artifactUrl = (project: string, run: string, file: string) =>
  `/api/v1${at(project, 'runs', run, 'artifacts', 'file')}${queryString({ path: file })}`

/** The bytes of an artifact, or its first `most`. */
export const artifactBytesQuery = (project: string, run: string, file: string, most?: number) =>
  queryOptions({
    queryKey: [project, 'tracking', 'artifact', run, file, most ?? 0],
    queryFn: async ({ signal }) => {
      const headers = { ...authorization(), ...(most ? { range: `bytes=0-${most - 1}` } : {}) }
      return (await send(artifactUrl(project, run, file), { headers, signal })).arrayBuffer()
    },
    staleTime: 60_000,
  })

export const setRunTag = (project: string, run: string, key: string, value: string | null) =>
  changeRuns(project, { action: 'tag', runs: [run], key, value })
