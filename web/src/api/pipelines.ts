import { queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'
import type { Items, Pipeline, PipelineRun } from './types.ts'

const at = (project: string, ...rest: (string | number)[]) => path('projects', project, ...rest)

export const pipelinesQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'pipelines', 'list'],
    queryFn: ({ signal }) => api<Items<Pipeline>>(at(project, 'pipelines'), { signal }),
  })

export const pipelineQuery = (project: string, pipeline: string) =>
  queryOptions({
    queryKey: [project, 'pipelines', 'one', pipeline],
    queryFn: ({ signal }) => api<Pipeline>(at(project, 'pipelines', pipeline), { signal }),
  })

export const pipelineRunsQuery = (project: string, pipeline?: string) =>
  queryOptions({
    queryKey: [project, 'pipelines', 'runs', pipeline ?? ''],
    queryFn: ({ signal }) =>
      api<Items<PipelineRun>>(at(project, 'pipeline-runs'), { signal, query: { pipeline, limit: 200 } }),
  })

export const pipelineRunQuery = (project: string, id: number) =>
  queryOptions({
    queryKey: [project, 'pipelines', 'run', id],
    queryFn: ({ signal }) => api<PipelineRun>(at(project, 'pipeline-runs', id), { signal }),
    // what a step uses while it runs is no event
    refetchInterval: (query) => (query.state.data && /queued|running/.test(query.state.data.state) ? 3000 : false),
  })

export const stepLogUrl = (project: string, run: number, step: string) =>
  `/api/v1${at(project, 'pipeline-runs', run, 'steps', step, 'log')}`

export const startPipeline = (
  project: string,
  pipeline: string,
  body: { asOf?: number; params?: Record<string, string>; force?: boolean },
) => api<PipelineRun>(at(project, 'pipelines', pipeline, 'runs'), { method: 'POST', body })

export const cancelPipelineRun = (project: string, run: number) =>
  api<PipelineRun>(at(project, 'pipeline-runs', run, 'cancel'), { method: 'POST', body: {} })
