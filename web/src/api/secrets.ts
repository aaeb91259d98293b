import { queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'
import type { Items } from './types.ts'

/** Names of stored secrets; their values never come back. */
export const secretsQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'secrets'],
    queryFn: ({ signal }) =>
      api<Items<{ name: string; updatedAt: number }>>(path('projects', project, 'secrets'), { signal }),
    retry: false,
  })

export const storeSecret = (project: string, name: string, value: string) =>
  api(path('projects', project, 'secrets', name), { method: 'PUT', body: { value } })
