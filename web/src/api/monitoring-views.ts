import { queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'
import type { Fairness, FeatureDistribution, MonitorHeatMap, PredictionRows, WorstSegments } from './types.ts'

/** Which windows are asked for and what they are held against; as the monitors have it where absent. */
export interface ViewQuestion {
  revision?: number | undefined
  from?: number | undefined
  to?: number | undefined
  /** `7d`, `6h`: sliding; `day`, `week`, `month`: of the calendar; `1000rows`: by count */
  window?: string | undefined
  against?: string | undefined
  against_revision?: number | undefined
  against_from?: number | undefined
  against_to?: number | undefined
}

interface Stretch {
  revision: number
  from: number
  to: number
}

const at = (project: string, endpoint: string, ...rest: string[]) =>
  path('projects', project, 'endpoints', endpoint, ...rest)

/** Windows are computed behind the predictions, without an event for each. */
const computed = { refetchInterval: 30_000 }

export const heatMapQuery = (
  project: string,
  endpoint: string,
  question: ViewQuestion & { family: string; metric?: string | undefined; feature?: string | undefined },
) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'heat-map', endpoint, question],
    queryFn: ({ signal }) => api<MonitorHeatMap>(at(project, endpoint, 'heat-map'), { signal, query: { ...question } }),
    ...computed,
  })

export const distributionQuery = (project: string, endpoint: string, feature: string, question: ViewQuestion) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'distribution', endpoint, feature, question],
    queryFn: ({ signal }) =>
      api<FeatureDistribution>(at(project, endpoint, 'features', feature, 'distribution'), {
        signal,
        query: { ...question },
      }),
  })

export const fairnessQuery = (
  project: string,
  endpoint: string,
  question: Stretch & { privileged?: string | undefined },
) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'fairness', endpoint, question],
    queryFn: ({ signal }) => api<Fairness>(at(project, endpoint, 'fairness'), { signal, query: { ...question } }),
  })

export const worstSegmentsQuery = (project: string, endpoint: string, question: Stretch) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'segments', endpoint, question],
    queryFn: ({ signal }) => api<WorstSegments>(at(project, endpoint, 'segments'), { signal, query: { ...question } }),
  })

/** The recorded rows behind a bar: of `feature` those in (above, up_to], of a category, or without a value. */
export interface RowsQuestion extends Partial<Stretch> {
  feature?: string | undefined
  above?: number | undefined
  up_to?: number | undefined
  category?: string | undefined
  missing?: boolean | undefined
  limit: number
  offset: number
}

export const rowsBehindQuery = (project: string, endpoint: string, question: RowsQuestion) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'predictions', endpoint, question],
    queryFn: ({ signal }) =>
      api<PredictionRows>(at(project, endpoint, 'predictions'), { signal, query: { ...question } }),
    placeholderData: (previous) => previous,
  })
