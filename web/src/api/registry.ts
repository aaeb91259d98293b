import { queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'
import type { Gate, Items, Model, ModelVersion, Promotion } from './types.ts'

const at = (project: string, ...rest: (string | number)[]) => path('projects', project, ...rest)

export const modelsQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'registry', 'models'],
    queryFn: ({ signal }) => api<Items<Model>>(at(project, 'models'), { signal }),
  })

export const modelQuery = (project: string, model: string) =>
  queryOptions({
    queryKey: [project, 'registry', 'model', model],
    queryFn: ({ signal }) => api<Model>(at(project, 'models', model), { signal }),
  })

export const modelVersionsQuery = (project: string, model: string) =>
  queryOptions({
    queryKey: [project, 'registry', 'versions', model],
    queryFn: ({ signal }) =>
      api<Items<ModelVersion>>(at(project, 'models', model, 'versions'), { signal, query: { limit: 500 } }),
  })

export const modelVersionQuery = (project: string, model: string, version: number) =>
  queryOptions({
    queryKey: [project, 'registry', 'version', model, version],
    queryFn: ({ signal }) => api<ModelVersion>(at(project, 'models', model, 'versions', version), { signal }),
  })

export const gatesQuery = (project: string, model: string) =>
  queryOptions({
    queryKey: [project, 'registry', 'gates', model],
    queryFn: ({ signal }) => api<Items<Gate>>(at(project, 'models', model, 'gates'), { signal }),
  })

export const promotionsQuery = (project: string, model: string) =>
  queryOptions({
    queryKey: [project, 'registry', 'promotions', model],
    queryFn: ({ signal }) => api<Items<Promotion>>(at(project, 'models', model, 'promotions'), { signal }),
  })

export const moveAlias = (project: string, model: string, alias: string, version: number, reason: string) =>
  api<Model>(at(project, 'models', model, 'aliases', alias), { method: 'PUT', body: { version, reason } })

export const removeAlias = (project: string, model: string, alias: string, reason: string) =>
  api<Model>(at(project, 'models', model, 'aliases', alias), { method: 'DELETE', query: { reason } })

/** Asks the gate to decide about a version again; it answers at once, the decision comes as an event. */
export const gateAgain = (project: string, model: string, version: number) =>
  api<{ jobId: number | null }>(at(project, 'models', model, 'versions', version, 'gate'), { method: 'POST' })
