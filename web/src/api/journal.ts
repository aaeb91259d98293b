import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'
import type { JournalEvent, LineageGraph } from './types.ts'

interface JournalPage {
  items: JournalEvent[]
  head: number
}

const pageSize = 300

/** Events, newest first, page after page. */
export const journalQuery = (project: string, filter: { type?: string; subject?: string }) =>
  infiniteQueryOptions({
    queryKey: [project, 'journal', 'pages', filter],
    queryFn: ({ signal, pageParam }) =>
      api<JournalPage>('/journal', { signal, query: { project, ...filter, before: pageParam, limit: pageSize } }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.items.length < pageSize ? undefined : page.items.at(-1)!.id),
  })

export const latestEventsQuery = (project: string, filter: { type?: string; subject?: string } = {}, limit = 12) =>
  queryOptions({
    queryKey: [project, 'journal', 'latest', filter, limit],
    queryFn: ({ signal }) => api<JournalPage>('/journal', { signal, query: { project, ...filter, limit } }),
  })

export const verifyJournal = () => api<{ entries: number; hash: string }>('/journal/verify', { method: 'POST' })

export const eventTypesQuery = () =>
  queryOptions({
    queryKey: ['event-types'],
    queryFn: ({ signal }) => api<{ items: { type: string; description: string }[] }>('/journal/catalogue', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const lineageQuery = (project: string, kind: string, id: string) =>
  queryOptions({
    queryKey: [project, 'journal', 'lineage', kind, id],
    queryFn: ({ signal }) =>
      api<LineageGraph>(
        `${path('projects', project, 'lineage', kind)}/${id.split('/').map(encodeURIComponent).join('/')}`,
        { signal },
      ),
  })

const mostFollowers = 2000

/** An event and everything that it led to, as far as causes tell, oldest first. */
export const consequencesQuery = (project: string, event: number) =>
  queryOptions({
    queryKey: [project, 'journal', 'consequences', event],
    queryFn: async ({ signal }) => {
      const query = { project, after: event - 1, order: 'asc', limit: mostFollowers }
      const { items } = await api<JournalPage>('/journal', { signal, query })
      const chain = new Set([event])
      return items.filter(({ id, cause }) => {
        if (id !== event && (cause === null || !chain.has(cause))) return false
        chain.add(id)
        return true
      })
    },
    enabled: event > 0,
  })

/** One event by its id; undefined when there is none. */
export const eventQuery = (id: number) =>
  queryOptions({
    queryKey: ['event', id],
    queryFn: async ({ signal }) =>
      (await api<JournalPage>('/journal', { signal, query: { after: id - 1, order: 'asc', limit: 1 } })).items.find(
        (event) => event.id === id,
      ) ?? null,
    enabled: id > 0,
    staleTime: Number.POSITIVE_INFINITY,
  })
