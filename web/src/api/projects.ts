import { queryOptions } from '@tanstack/react-query'
import { api } from './client.ts'
import type { Items, Project } from './types.ts'

export const projectsQuery = () =>
  queryOptions({ queryKey: ['projects'], queryFn: ({ signal }) => api<Items<Project>>('/projects', { signal }) })
