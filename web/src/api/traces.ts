import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'
import type { TraceDetail, TraceList } from './types.ts'

const pageSize = 200
const liveInterval = 2000

export interface TraceFilter {
  /** in the API's filter language */
  filter?: string | undefined
  /** ids of experiments */
  experiment?: string | undefined
  order?: string | undefined
}

/** Traces page after page. */
export const tracesQuery = (project: string, filter: TraceFilter) =>
  infiniteQueryOptions({
    queryKey: [project, 'traces', 'list', filter],
    queryFn: ({ signal, pageParam }) =>
      api<TraceList>(path('projects', project, 'traces'), {
        signal,
        query: { ...filter, limit: pageSize, offset: pageParam },
      }),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => (last.items.length < pageSize ? undefined : pages.length * pageSize),
    placeholderData: (previous) => previous,
  })

/** A trace with its spans, read again while it goes on. */
export const traceQuery = (project: string, trace: string) =>
  queryOptions({
    queryKey: [project, 'traces', 'trace', trace],
    queryFn: ({ signal }) => api<TraceDetail>(path('projects', project, 'traces', trace), { signal }),
    refetchInterval: ({ state }) => (state.data?.state === 'IN_PROGRESS' ? liveInterval : false),
  })
