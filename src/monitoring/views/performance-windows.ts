import type { Task, WindowView } from '../../contracts/monitor-kind.ts'
import { noPerformance, type PerformanceSums, type Slice } from '../../statistics/slice.ts'
import type { Estimate } from '../../statistics/too-few-samples.ts'
import { evaluateWindow, type Watchers } from '../evaluate-window.ts'
import type { EndpointKey } from '../stale.ts'
import { samplesOfSegment, type WindowSamples } from '../window-samples.ts'
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

/**
 * Performance as it was where the truth is known, beside what the scores alone let expect. Of a segment whose sums are kept
 * every row counts; of any other, and for what is expected, those in the samples.
 */
export async function performanceWindows(
  dependencies: ViewDependencies & { watchers: Watchers; withSamples: WindowSamples },
  key: EndpointKey,
  request: ViewRequest,
): Promise<PerformanceWindows> {
  const { segment = '', ...whole } = request
  const [all, sampled] = await Promise.all([
    viewWindows(dependencies, key, whole, {
      features: [],
      ...(segment === '' ? { wholeOnly: true } : { group: segment }),
    }),
    segment === '' ? undefined : viewWindows(dependencies, key, request, { features: [], wholeOnly: true }),
  ])
  const isKept = segment !== '' && all.windows.some(({ view }) => view.slice.groups.has(segment))
  const own = sampled ?? all
  const realised = sampled && !isKept ? sampled : all
  const sums = (slice: Slice) => sumsOf(slice, isKept ? segment : '')
  const task =
    all.known?.task ?? all.windows.findLast(({ view }) => view.slice.performance.joined > 0)?.view.task ?? 'binary'
  const settings = { ...(await dependencies.settings.of(key)), off: [] }
  const kinds = dependencies.watchers.kinds.filter(({ family }) => family === 'estimated-performance')
  const views = own.windows.map(({ view }) => view)
  const add = samplesOfSegment(await dependencies.withSamples(key, own.definition.revision, views), segment)

  async function estimated(view: WindowView): Promise<Record<string, Estimate | null>> {
    if (view.days === 0) return {}
    const [window, reference] = await add({ ...view, task }, own.training)
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

  const reference = realised.training
  return {
    task,
    definition: own.definition,
    segment,
    metrics: metricInfos[task],
    estimation: estimation[task],
    reference: reference ? performanceMetrics(sums(reference.whole), task) : null,
    windows: await Promise.all(
      realised.windows.map(async ({ view }, i) => {
        const found = sums(view.slice)
        const n = found.binary.brier.n
        return {
          revision: view.revision,
          start: view.start,
          end: view.end,
          rows: isKept ? (view.slice.groups.get(segment)?.n ?? 0) : view.slice.rows,
          live: view.slice.live,
          actuals: found.joined,
          actualsComplete: all.windows[i]?.view.actualsComplete ?? false,
          positives: n > 0 ? found.binary.positives / n : null,
          meanScore: n > 0 ? found.binary.scoreSum / n : null,
          realised: performanceMetrics(found, task),
          estimated: await estimated(views[i]!),
        }
      }),
    ),
  }
}
