import { queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'
import type { Firing, Items, Rule } from './types.ts'

export const rulesQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'automation', 'rules'],
    queryFn: ({ signal }) => api<Items<Rule>>(path('projects', project, 'rules'), { signal }),
  })

export const firingsQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'automation', 'firings'],
    queryFn: ({ signal }) => api<Items<Firing>>(path('projects', project, 'firings'), { signal, query: { limit: 50 } }),
  })
