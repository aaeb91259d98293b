import type { Task, WindowView } from '../../contracts/monitor-kind.ts'
import { noPerformance, type PerformanceSums, type Slice } from '../../statistics/slice.ts'
import type { Estimate } from '../../statistics/too-few-samples.ts'
import { evaluateWindow, type Watchers } from '../evaluate-window.ts'
import type { EndpointKey } from '../stale.ts'
import type { WindowSamples } from '../window-samples.ts'
import type { ViewRequest } from '../windows/view-request.ts'
import { type ViewDefinition, type ViewDependencies, viewWindows } from '../windows/view-windows.ts'
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

const estimation: Record<Task, string> = {
  binary: 'CBPE: expected under calibrated scores; blind to a change of what scores mean',
  multiclass: 'M-CBPE: expected under calibrated confidence; blind to a change of what the confidence means',
  regression: 'DLE: the loss of the reference’s rows with such inputs; blind to a change of what inputs mean',
}

/** The sums of all rows, or of a segment's. */
export const sumsOf = (slice: Slice, segment: string): PerformanceSums =>
  segment === '' ? slice.performance : (slice.groups.get(segment)?.performance ?? noPerformance)

/** Performance as it was where the truth is known, beside what the scores alone let expect. */
export async function performanceWindows(
  dependencies: ViewDependencies & { watchers: Watchers; withSamples: WindowSamples },
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
  const settings = { ...(await dependencies.settings.of(key)), off: [] }
  const kinds = dependencies.watchers.kinds.filter(({ family }) => family === 'estimated-performance')

  const add = await dependencies.withSamples(
    key,
    found.definition.revision,
    found.windows.map(({ view }) => view),
  )

  async function estimated(view: WindowView): Promise<Record<string, Estimate | null>> {
    // neither scores nor samples are kept by segment
    if (segment !== '' || view.days === 0) return {}
    const [window, reference] = await add(view, training)
    const scores = evaluateWindow(window, reference, settings, { ...dependencies.watchers, kinds }).flatMap(
      (f) => f.scores,
    )
    return Object.fromEntries(
      scores.map(({ monitor, value, low, high, samples }) => [
        monitor.slice(monitor.indexOf('.') + 1),
        value === null ? null : { value, low: low ?? value, high: high ?? value, n: samples },
      ]),
    )
  }

  return {
    task: task ?? 'binary',
    definition: found.definition,
    segment,
    metrics: metricInfos[task ?? 'binary'],
    estimation: estimation[task ?? 'binary'],
    reference: training ? performanceMetrics(sumsOf(training.whole, segment), task ?? 'binary') : null,
    windows: await Promise.all(
      found.windows.map(async ({ view }) => {
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
          estimated: await estimated(view),
        }
      }),
    ),
  }
}
