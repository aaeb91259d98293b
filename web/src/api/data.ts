import { queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'
import type {
  CurationPreview,
  DataKinds,
  Dataset,
  DatasetDiff,
  DatasetFreshness,
  DatasetVersion,
  DatasetVersionSummary,
  ExpectationResult,
  Folder,
  FoundThere,
  Items,
  QueryAnswer,
  Rows,
  Source,
  SourcePreview,
  SourceTest,
  Suggestion,
  TimelineEntry,
} from './types.ts'

const at = (project: string, ...rest: (string | number)[]) => path('projects', project, ...rest)

export const sourcesQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'data', 'sources'],
    queryFn: ({ signal }) => api<Items<Source>>(at(project, 'sources'), { signal }),
  })

export const sourceQuery = (project: string, source: string) =>
  queryOptions({
    queryKey: [project, 'data', 'source', source],
    queryFn: ({ signal }) => api<Source>(at(project, 'sources', source), { signal }),
  })

export const sourcePreviewQuery = (project: string, source: string) =>
  queryOptions({
    queryKey: [project, 'preview', source],
    queryFn: ({ signal }) => api<Rows>(at(project, 'sources', source, 'preview'), { signal, query: { limit: 50 } }),
    staleTime: 300_000,
  })

export const testSource = (project: string, source: string) =>
  api<SourceTest>(at(project, 'sources', source, 'test'), { method: 'POST' })

export const datasetsQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'data', 'datasets'],
    queryFn: ({ signal }) => api<Items<Dataset>>(at(project, 'datasets'), { signal }),
  })

export const datasetQuery = (project: string, dataset: string) =>
  queryOptions({
    queryKey: [project, 'data', 'dataset', dataset],
    queryFn: ({ signal }) => api<Dataset>(at(project, 'datasets', dataset), { signal }),
  })

export const datasetVersionsQuery = (project: string, dataset: string) =>
  queryOptions({
    queryKey: [project, 'data', 'versions', dataset],
    queryFn: ({ signal }) =>
      api<Items<DatasetVersionSummary>>(at(project, 'datasets', dataset, 'versions'), {
        signal,
        query: { limit: 500 },
      }),
  })

/** A version never changes, so it is asked for once. */
export const datasetVersionQuery = (project: string, dataset: string, version: number | 'latest') =>
  queryOptions({
    queryKey: [project, version === 'latest' ? 'data' : 'fixed', 'version', dataset, version],
    queryFn: ({ signal }) => api<DatasetVersion>(at(project, 'datasets', dataset, 'versions', version), { signal }),
    staleTime: version === 'latest' ? 15_000 : Number.POSITIVE_INFINITY,
  })

export const datasetRowsQuery = (
  project: string,
  dataset: string,
  version: number,
  part: 'rows' | 'quarantine',
  offset: number,
  limit: number,
  where = '',
) =>
  queryOptions({
    queryKey: [project, 'fixed', part, dataset, version, offset, limit, where],
    queryFn: ({ signal }) =>
      api<Rows>(at(project, 'datasets', dataset, 'versions', version, part), {
        signal,
        query: { offset, limit, where },
      }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })

/** `by`: columns that name a row, with commas between; those that the dataset declares when empty. */
export const datasetDiffQuery = (project: string, dataset: string, a: number, b: number, by = '') =>
  queryOptions({
    queryKey: [project, 'fixed', 'diff', dataset, a, b, by],
    queryFn: ({ signal }) =>
      api<DatasetDiff>(at(project, 'datasets', dataset, 'versions', a, 'diff', b), { signal, query: { by } }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })

export const datasetTimelineQuery = (project: string, dataset: string) =>
  queryOptions({
    queryKey: [project, 'data', 'timeline', dataset],
    queryFn: ({ signal }) =>
      api<Items<TimelineEntry>>(at(project, 'datasets', dataset, 'timeline'), { signal, query: { limit: 200 } }),
  })

export const askVersion = (project: string, dataset: string, version: number, sql: string, signal: AbortSignal) =>
  api<QueryAnswer>(at(project, 'datasets', dataset, 'versions', version, 'query'), {
    method: 'POST',
    body: { sql, limit: 1000 },
    signal,
  })

export const datasetTagsQuery = (project: string, dataset: string) =>
  queryOptions({
    queryKey: [project, 'data', 'tags', dataset],
    queryFn: ({ signal }) =>
      api<Items<{ tag: string; version: number; actor: string; createdAt: number }>>(
        at(project, 'datasets', dataset, 'tags'),
        { signal },
      ),
  })

export const tagVersion = (project: string, dataset: string, tag: string, version: number) =>
  api(at(project, 'datasets', dataset, 'tags', tag), { method: 'PUT', body: { version } })

export const untagVersion = (project: string, dataset: string, tag: string) =>
  api(at(project, 'datasets', dataset, 'tags', tag), { method: 'DELETE' })

export const pinVersion = (project: string, dataset: string, version: number, pinned: boolean) =>
  api(at(project, 'datasets', dataset, 'versions', version, 'pin'), { method: 'PUT', body: { pinned } })

export const versionAsOf = (project: string, dataset: string, time: number) =>
  api<DatasetVersion>(at(project, 'datasets', dataset, 'as-of'), { query: { time } })

export const materialise = (project: string, dataset: string) =>
  api<{ jobId: number }>(at(project, 'datasets', dataset, 'materialise'), { method: 'POST', body: {} })

/** The kinds of sources, steps and expectations that this server knows. */
export const dataKindsQuery = () =>
  queryOptions({
    queryKey: ['data-kinds'],
    queryFn: ({ signal }) => api<DataKinds>('/data/kinds', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const testConfig = (project: string, config: object) =>
  api<SourceTest>(at(project, 'sources', 'test'), { method: 'POST', body: config })

export const previewConfig = (project: string, config: object, limit: number) =>
  api<SourcePreview>(at(project, 'sources', 'preview'), { method: 'POST', body: { config, limit } })

export const discoverSource = (project: string, config: object) =>
  api<{ items: FoundThere[] | null }>(at(project, 'sources', 'discover'), { method: 'POST', body: config })

export const folderQuery = (project: string, folder: string) =>
  queryOptions({
    queryKey: [project, 'folder', folder],
    queryFn: ({ signal }) => api<Folder>(at(project, 'sources', 'folder'), { signal, query: { path: folder } }),
    retry: false,
  })

export const putSource = (project: string, name: string, config: object) =>
  api<Source>(at(project, 'sources', name), { method: 'PUT', body: config })

export const putDataset = (project: string, name: string, spec: object) =>
  api<Dataset>(at(project, 'datasets', name), { method: 'PUT', body: spec })

/** What the steps of a declaration do to the first rows of its source. */
export const curationPreviewQuery = (project: string, spec: Record<string, unknown>, column: string, rows: number) =>
  queryOptions({
    queryKey: [project, 'curation', spec, column, rows],
    queryFn: ({ signal }) =>
      api<CurationPreview>(at(project, 'datasets', 'preview'), {
        method: 'POST',
        signal,
        body: { spec, rows, ...(column ? { column } : {}) },
      }),
    enabled: typeof spec.from === 'string',
    staleTime: 60_000,
    retry: false,
  })

export const checkExpectationsQuery = (project: string, dataset: string, version: number, expect: object[]) =>
  queryOptions({
    queryKey: [project, 'fixed', 'check', dataset, version, expect],
    queryFn: ({ signal }) =>
      api<Items<ExpectationResult>>(at(project, 'datasets', dataset, 'versions', version, 'check'), {
        method: 'POST',
        signal,
        body: { expect },
      }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })

export const suggestionsQuery = (project: string, dataset: string, version: number) =>
  queryOptions({
    queryKey: [project, 'fixed', 'suggestions', dataset, version],
    queryFn: ({ signal }) =>
      api<Items<Suggestion>>(at(project, 'datasets', dataset, 'versions', version, 'suggestions'), { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const freshnessQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'data', 'freshness'],
    queryFn: ({ signal }) => api<Items<DatasetFreshness>>(at(project, 'freshness'), { signal }),
    // data grows old although nothing happens
    refetchInterval: 30_000,
  })
