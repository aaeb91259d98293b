import type { ReferenceView, WindowView } from '../contracts/monitor-kind.ts'
import { compareFeature } from '../monitoring/compare-feature.ts'
import { evaluateWindow, type Watchers } from '../monitoring/evaluate-window.ts'
import type { EndpointMonitorSettings } from '../monitoring/monitor-settings.ts'
import { estimatedPerformance } from '../statistics/estimated-performance.ts'
import { noSlice, type PerformanceSums, type Slice, typeOf } from '../statistics/slice.ts'
import type { ColumnSide, ComparedColumn, Comparison } from './comparison.ts'
import { conclude } from './conclude.ts'
import { groupRates } from './group-rates.ts'
import { binaryMetrics, classMetrics, regressionMetrics } from './performance-table.ts'

export interface WindowRequest {
  title: string
  /** what part of the traffic it is, for people */
  label: string
  window: WindowView
  reference: ReferenceView | undefined
  /** probability from which a binary score counts as positive */
  threshold: number
  settings: EndpointMonitorSettings
  watchers: Watchers
  /** milliseconds since 1970 */
  madeAt: number
}

const BINS = 20
const OWN: Record<string, ComparedColumn['role']> = { $score: 'score', $label: 'prediction' }

/** A window of an endpoint against its reference, from merged profiles: it costs the same however many rows there were. */
export function compareWindow(request: WindowRequest): Comparison {
  const { title, label, window, reference, settings, watchers, madeAt } = request
  const before: Slice = reference?.whole ?? noSlice
  const shown = (name: string) => !name.startsWith('$') || name in OWN
  const names = [...new Set([...before.features.keys(), ...window.slice.features.keys()])].filter(shown).sort()
  return conclude({
    title,
    madeAt,
    reference: { label: reference?.scope ?? 'no reference', rows: before.rows },
    current: { label, rows: window.slice.rows },
    columns: names.map((name) => columnOf(name, reference && before, window.slice)),
    scores: evaluateWindow(window, reference, settings, watchers).flatMap((family) => family.scores),
    features: names
      // a feature that the reference lacks has nothing to be compared with
      .filter((name) => !reference || before.features.has(name))
      .map((name) =>
        compareFeature(
          name,
          { label, slice: window.slice },
          reference && { label: reference.scope, slice: before },
          watchers.metrics,
          BINS,
        ),
      ),
    correlations: [],
    performance: performanceOf(request, reference?.whole.performance ?? null),
    groups: [...groupRates('reference', [before.groups]), ...groupRates('current', [window.slice.groups])].sort(
      (a, b) => (a.group === b.group ? 0 : a.group < b.group ? -1 : 1),
    ),
    notes: reference ? [] : ['There is no reference yet: the model has none, and its first days are not over.'],
    kinds: watchers.kinds,
    settings,
    smallest: 0,
    extra: { threshold: request.threshold, start: window.start, end: window.end, revision: window.revision },
  })
}

function columnOf(name: string, before: Slice | undefined, now: Slice): ComparedColumn {
  const side = (slice: Slice | undefined): ColumnSide | null => {
    const profile = slice?.features.get(name)
    if (!slice || !profile) return null
    const numeric = typeOf(profile) === 'numeric'
    return {
      type: numeric ? 'number' : 'text',
      missing: Math.max(0, slice.rows - profile.count),
      notFinite: 0,
      unreadable: 0,
      distinct: numeric ? null : profile.categories.size,
      first: null,
      last: null,
    }
  }
  const [reference, current] = [side(before), side(now)]
  return {
    name,
    kind: (reference ?? current)?.type === 'text' ? 'category' : 'number',
    role: OWN[name] ?? 'feature',
    reference,
    current,
  }
}

function performanceOf(
  { window, threshold }: WindowRequest,
  before: PerformanceSums | null,
): Comparison['performance'] {
  const now = window.slice.performance
  if (window.task === 'multiclass')
    return { task: 'classes', metrics: classMetrics(before?.confusion ?? null, now.confusion ?? null) }
  if (window.task === 'regression') return { task: 'regression', metrics: regressionMetrics(before, now, null) }
  const scores = window.slice.features.get('$score')?.sketch
  return {
    task: 'binary',
    metrics: binaryMetrics(before, now, scores ? estimatedPerformance(scores, threshold) : null),
  }
}
