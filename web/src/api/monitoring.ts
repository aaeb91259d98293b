import { queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'
import type {
  Alert,
  Items,
  MonitorCatalogue,
  MonitoringOverview,
  MonitorSettings,
  PerformanceHistory,
  PredictionRow,
  RevisionComparison,
  Score,
} from './types.ts'

const at = (project: string, ...rest: (string | number)[]) => path('projects', project, ...rest)

/** Windows are computed behind the predictions, without an event for each. */
const computed = { refetchInterval: 10_000 }

export const monitorCatalogueQuery = () =>
  queryOptions({
    queryKey: ['monitors'],
    queryFn: ({ signal }) => api<MonitorCatalogue>('/monitors', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const monitoringQuery = (project: string, endpoint: string) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'overview', endpoint],
    queryFn: ({ signal }) => api<MonitoringOverview>(at(project, 'endpoints', endpoint, 'monitoring'), { signal }),
    ...computed,
  })

export const monitorSettingsQuery = (project: string, endpoint: string) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'settings', endpoint],
    queryFn: ({ signal }) => api<MonitorSettings>(at(project, 'endpoints', endpoint, 'monitors'), { signal }),
  })

export interface ScoreFilter {
  /** a monitor such as `performance.log_loss`, or a family */
  monitor?: string | undefined
  feature?: string | undefined
  revision?: number | undefined
  limit?: number | undefined
}

export const scoresQuery = (project: string, endpoint: string, filter: ScoreFilter) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'scores', endpoint, filter],
    queryFn: ({ signal }) =>
      api<Items<Score>>(at(project, 'endpoints', endpoint, 'scores'), { signal, query: { ...filter } }),
    placeholderData: (previous) => previous,
    ...computed,
  })

export const performanceQuery = (project: string, endpoint: string) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'performance', endpoint],
    queryFn: ({ signal }) => api<PerformanceHistory>(at(project, 'endpoints', endpoint, 'performance'), { signal }),
    ...computed,
  })

export const revisionComparisonQuery = (
  project: string,
  endpoint: string,
  filter: { first: number; second: number; from?: number; to?: number },
) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'compare', endpoint, filter],
    queryFn: ({ signal }) =>
      api<RevisionComparison>(at(project, 'endpoints', endpoint, 'revision-comparison'), {
        signal,
        query: { ...filter },
      }),
  })

export const predictionsQuery = (
  project: string,
  endpoint: string,
  filter: { id?: string; revision?: number; segment?: string; limit?: number } = {},
) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'predictions', endpoint, filter],
    queryFn: ({ signal }) =>
      api<Items<PredictionRow>>(at(project, 'endpoints', endpoint, 'predictions'), {
        signal,
        query: { limit: 50, ...filter },
      }),
  })

export const alertsQuery = (project: string, filter: { state?: 'open' | 'closed'; endpoint?: string } = {}) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'alerts', filter],
    queryFn: ({ signal }) => api<Items<Alert>>(at(project, 'alerts'), { signal, query: { limit: 200, ...filter } }),
  })

export const alertQuery = (project: string, id: number) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'alert', id],
    queryFn: ({ signal }) => api<Alert>(at(project, 'alerts', id), { signal }),
  })

export const closeAlert = (project: string, id: number, reason: string) =>
  api<Alert>(at(project, 'alerts', id, 'close'), { method: 'POST', body: { reason } })
