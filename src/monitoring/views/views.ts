import type { Watchers } from '../evaluate-window.ts'
import type { EndpointMonitorSettings } from '../monitor-settings.ts'
import type { EndpointKey } from '../stale.ts'
import { samplesOfSegment, type WindowSamples } from '../window-samples.ts'
import type { ViewRequest } from '../windows/view-request.ts'
import { type ViewDependencies, type ViewWindows, viewWindows } from '../windows/view-windows.ts'
import { type Fairness, fairnessView } from './fairness-view.ts'
import { type FeatureDistribution, featureDistribution } from './feature-distribution.ts'
import { type HeatMap, type HeatMapQuestion, heatMap } from './heat-map.ts'
import { type PerformanceCurves, performanceCurves, type StretchRequest } from './performance-curves.ts'
import { type PerformanceWindows, performanceWindows } from './performance-windows.ts'
import { type WorstSegments, worstSegments } from './worst-segments.ts'

export interface Views {
  heatMap(key: EndpointKey, question: HeatMapQuestion): Promise<HeatMap>
  /** Errors: `not_found`. */
  distribution(key: EndpointKey, feature: string, request: ViewRequest, bins?: number): Promise<FeatureDistribution>
  performance(key: EndpointKey, request: ViewRequest): Promise<PerformanceWindows>
  curves(key: EndpointKey, request: StretchRequest, segment?: string): Promise<PerformanceCurves>
  /** `privileged`: of an attribute the group that the others are compared with; the largest when absent */
  fairness(key: EndpointKey, request: StretchRequest, privileged?: Readonly<Record<string, string>>): Promise<Fairness>
  segments(key: EndpointKey, request: StretchRequest): Promise<WorstSegments>
  /** the newest of the windows and what it is held against, with what it is judged by: what a report is made of */
  newest(key: EndpointKey, request: ViewRequest): Promise<NewestWindow>
}

export interface NewestWindow extends Pick<ViewWindows, 'definition' | 'threshold'> {
  /** undefined while nothing was predicted in any of the windows */
  window: ViewWindows['windows'][number] | undefined
  settings: EndpointMonitorSettings
}

/** What people ask of windows. */
export function createViews(
  dependencies: ViewDependencies & { watchers: Watchers; withSamples: WindowSamples },
): Views {
  const { metrics } = dependencies.watchers
  return {
    heatMap: (key, question) => heatMap(dependencies, key, question),
    distribution: (key, feature, request, bins) =>
      featureDistribution({ ...dependencies, metrics }, key, feature, request, bins),
    performance: (key, request) => performanceWindows(dependencies, key, request),
    curves: (key, request, segment) => performanceCurves(dependencies, key, request, segment),
    fairness: (key, request, privileged) => fairnessView(dependencies, key, request, privileged),
    segments: (key, request) => worstSegments(dependencies, key, request),
    async newest(key, request) {
      const [found, settings] = await Promise.all([
        viewWindows(dependencies, key, request),
        dependencies.settings.of(key),
      ])
      const last = found.windows.findLast(({ view }) => view.slice.rows > 0)
      const add = last && (await dependencies.withSamples(key, last.view.revision, [last.view]))
      const [view, reference] =
        last && add ? await samplesOfSegment(add, request.segment ?? '')(last.view, last.reference) : []
      return {
        definition: found.definition,
        threshold: found.threshold,
        window: view && { view, reference },
        settings,
      }
    },
  }
}
