import type { Task } from '../../contracts/monitor-kind.ts'
import { noPerformance, type PerformanceSums, type Slice } from '../../statistics/slice.ts'
import type { Estimate } from '../../statistics/too-few-samples.ts'
import type { EndpointKey } from '../stale.ts'
import type { ViewRequest } from '../windows/view-request.ts'
import { type ViewDefinition, type ViewDependencies, viewWindows } from '../windows/view-windows.ts'
import { estimatedMetrics, estimation } from './estimated-metrics.ts'
import { type MetricInfo, metricInfos, performanceMetrics } from './performance-metrics.ts'

export interface PerformanceWindow {
  revision: number
  start: number
  end: number
  rows: number
  live: number
  actuals: number
  actualsComplete: boolean
  positives: number | null
  meanScore: number | null
  realised: Record<string, Estimate | null>
  estimated: Record<string, Estimate | null>
}

export interface PerformanceWindows {
  task: Task
  definition: ViewDefinition
  segment: string
  metrics: MetricInfo[]
  estimation: string
  reference: Record<string, Estimate | null> | null
  windows: PerformanceWindow[]
}

/** The sums of all rows, or of a segment's. */
export const sumsOf = (slice: Slice, segment: string): PerformanceSums =>
  segment === '' ? slice.performance : (slice.groups.get(segment)?.performance ?? noPerformance)

/** Performance as it was where the truth is known, beside what the scores alone let expect. */
export async function performanceWindows(
  dependencies: ViewDependencies,
  key: EndpointKey,
  request: ViewRequest,
  segment = '',
): Promise<PerformanceWindows> {
  const found = await viewWindows(dependencies, key, request, {
    features: [],
    ...(segment === '' ? { wholeOnly: true } : {}),
  })
  const task = found.known?.task ?? found.windows.findLast(({ view }) => view.slice.performance.joined > 0)?.view.task
  const { training } = found
  return {
    task: task ?? 'binary',
    definition: found.definition,
    segment,
    metrics: metricInfos[task ?? 'binary'],
    estimation: estimation[task ?? 'binary'],
    reference: training ? performanceMetrics(sumsOf(training.whole, segment), task ?? 'binary') : null,
    windows: found.windows.map(({ view }) => {
      const sums = sumsOf(view.slice, segment)
      const group = view.slice.groups.get(segment)
      const n = sums.binary.brier.n
      return {
        revision: view.revision,
        start: view.start,
        end: view.end,
        rows: segment === '' ? view.slice.rows : (group?.n ?? 0),
        live: view.slice.live,
        actuals: sums.joined,
        actualsComplete: view.actualsComplete,
        positives: n > 0 ? sums.binary.positives / n : null,
        meanScore: n > 0 ? sums.binary.scoreSum / n : null,
        realised: performanceMetrics(sums, task ?? 'binary'),
        // scores are not kept by segment
        estimated: segment === '' ? estimatedMetrics(view.slice, training, task ?? 'binary', found.threshold) : {},
      }
    }),
  }
}
