import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'
import type { Correction, Discard, Items, QuarantinePage } from './types.ts'

const of = (project: string, dataset: string, ...rest: (string | number)[]) =>
  path('projects', project, 'datasets', dataset, ...rest)

export interface QuarantineQuestion {
  version: number
  step?: number | undefined
  reason?: string | undefined
  state?: string | undefined
  offset: number
  limit: number
}

export const quarantineQuery = (project: string, dataset: string, { version, ...query }: QuarantineQuestion) =>
  queryOptions({
    queryKey: [project, 'data', 'quarantine', dataset, version, query],
    queryFn: ({ signal }) =>
      api<QuarantinePage>(of(project, dataset, 'versions', version, 'quarantine', 'rows'), { signal, query }),
    placeholderData: keepPreviousData,
  })

export const discardsQuery = (project: string, dataset: string) =>
  queryOptions({
    queryKey: [project, 'data', 'discards', dataset],
    queryFn: ({ signal }) => api<Items<Discard>>(of(project, dataset, 'discards'), { signal }),
  })

export const correctionsQuery = (project: string, dataset: string) =>
  queryOptions({
    queryKey: [project, 'data', 'corrections', dataset],
    queryFn: ({ signal }) => api<Items<Correction>>(of(project, dataset, 'corrections'), { signal }),
  })

export const correctRows = (
  project: string,
  dataset: string,
  version: number,
  rows: { row: number; values: Record<string, string | null> }[],
) =>
  api<{ jobId: number }>(of(project, dataset, 'versions', version, 'quarantine', 'correct'), {
    method: 'POST',
    body: { rows },
  })

export const discardRows = (
  project: string,
  dataset: string,
  version: number,
  which: ({ rows: number[] } | { step: number; reason: string }) & { why: string },
) =>
  api<{ rows: number }>(of(project, dataset, 'versions', version, 'quarantine', 'discard'), {
    method: 'POST',
    body: which,
  })

export const withdrawDiscard = (project: string, dataset: string, id: number) =>
  api(of(project, dataset, 'discards', id), { method: 'DELETE' })

export const withdrawCorrection = (project: string, dataset: string, id: number) =>
  api(of(project, dataset, 'corrections', id), { method: 'DELETE' })
