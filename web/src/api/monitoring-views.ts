import { queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'
import type {
  Fairness,
  FeatureDistribution,
  MonitorHeatMap,
  PerformanceCurves,
  PerformanceWindows,
  PredictionRows,
  WorstSegments,
} from './types.ts'

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
  /** of these rows alone: `city=Chur` */
  segment?: string | undefined
}

export interface Stretch {
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
    ...searched,
  })

/** The segments of the newest answer stand still while one of them is chosen. */
const searched = { staleTime: 300_000 }

/** Performance of windows where the truth is known, beside what the scores let expect. */
export const performanceWindowsQuery = (project: string, endpoint: string, question: ViewQuestion) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'performance-windows', endpoint, question],
    queryFn: ({ signal }) =>
      api<PerformanceWindows>(at(project, endpoint, 'performance', 'windows'), { signal, query: { ...question } }),
    ...computed,
  })

/** By threshold, reliability, confusion, residuals: of a whole stretch. */
export const performanceCurvesQuery = (
  project: string,
  endpoint: string,
  question: Stretch & { segment?: string | undefined },
) =>
  queryOptions({
    queryKey: [project, 'monitoring', 'performance-curves', endpoint, question],
    queryFn: ({ signal }) =>
      api<PerformanceCurves>(at(project, endpoint, 'performance', 'curves'), { signal, query: { ...question } }),
    ...computed,
  })

/** The recorded rows behind a bar: of `feature` those in (above, up_to], of a category, or without a value. */
export interface RowsQuestion extends Partial<Stretch> {
  feature?: string | undefined
  above?: number | undefined
  up_to?: number | undefined
  category?: string | undefined
  except?: readonly string[] | undefined
  missing?: boolean | undefined
  segment?: string | undefined
  actual?: string | undefined
  residual_above?: number | undefined
  residual_up_to?: number | undefined
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
