import { queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'
import type {
  Dependence,
  ExplanationHistory,
  GlobalImportance,
  Items,
  LocalExplanation,
  LoggedExplanation,
  ModelProfile,
  SampledExplanations,
} from './types.ts'

export interface ExplainedWindow {
  from?: number | undefined
  to?: number | undefined
  revision?: number | undefined
}

const at = (project: string, endpoint: string, ...rest: string[]) =>
  path('projects', project, 'endpoints', endpoint, 'explanations', ...rest)

export const importanceQuery = (project: string, endpoint: string, window: ExplainedWindow, segment: string) =>
  queryOptions({
    queryKey: [project, 'explanations', endpoint, 'importance', window, segment],
    queryFn: ({ signal }) =>
      api<GlobalImportance>(at(project, endpoint, 'importance'), { signal, query: { ...window, segment } }),
  })

export const explanationHistoryQuery = (project: string, endpoint: string, window: ExplainedWindow, segment: string) =>
  queryOptions({
    queryKey: [project, 'explanations', endpoint, 'history', window, segment],
    queryFn: ({ signal }) =>
      api<ExplanationHistory>(at(project, endpoint, 'history'), { signal, query: { ...window, segment } }),
  })

export const explainedSampleQuery = (project: string, endpoint: string, window: ExplainedWindow) =>
  queryOptions({
    queryKey: [project, 'explanations', endpoint, 'sample', window],
    queryFn: ({ signal }) =>
      api<SampledExplanations>(at(project, endpoint, 'sample'), { signal, query: { ...window, rows: 300 } }),
  })

export const dependenceQuery = (
  project: string,
  endpoint: string,
  window: ExplainedWindow,
  feature: string,
  colour: string | undefined,
) =>
  queryOptions({
    queryKey: [project, 'explanations', endpoint, 'dependence', window, feature, colour],
    queryFn: ({ signal }) =>
      api<Dependence>(at(project, endpoint, 'dependence'), {
        signal,
        query: { ...window, feature, colour, rows: 1000 },
      }),
  })

export const localExplanationQuery = (project: string, endpoint: string, id: string) =>
  queryOptions({
    queryKey: [project, 'fixed', 'explanation', endpoint, id],
    queryFn: ({ signal }) => api<LocalExplanation>(at(project, endpoint, 'predictions', id), { signal }),
    retry: false,
    staleTime: 300_000,
  })

/** What each feature added to a prediction of a model that is served elsewhere, as it was logged. */
export const loggedExplanationsQuery = (project: string, endpoint: string, id: string) =>
  queryOptions({
    queryKey: [project, 'explanations', endpoint, 'logged', id],
    queryFn: ({ signal }) =>
      api<Items<LoggedExplanation>>(path('projects', project, 'endpoints', endpoint, 'logged-explanations', id), {
        signal,
      }),
  })

export const refreshExplanations = (project: string, endpoint: string) =>
  api<{ days: number }>(at(project, endpoint, 'refresh'), { method: 'POST', body: {} })

/** Made on first use, so it may take a while. */
export const modelProfileQuery = (project: string, model: string, version: number) =>
  queryOptions({
    queryKey: [project, 'fixed', 'profile', model, version],
    queryFn: ({ signal }) =>
      api<ModelProfile>(path('projects', project, 'models', model, 'versions', version, 'profile'), { signal }),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
