import type { DriftMetric } from '../contracts/drift-metric.ts'
import type { MonitorKind, MonitorScore } from '../contracts/monitor-kind.ts'
import { compareFeature, type FeatureComparison } from '../monitoring/compare-feature.ts'
import { settingsFor, type Watchers } from '../monitoring/evaluate-window.ts'
import type { EndpointMonitorSettings } from '../monitoring/monitor-settings.ts'
import type { Sketch } from '../statistics/sketch.ts'
import { mergeSlices, type Slice } from '../statistics/slice.ts'
import type { AlignedColumn } from './align-columns.ts'
import type { ComparedColumn } from './comparison.ts'
import { type ProfiledColumns, slicesOf } from './profile-columns.ts'
import { testDrift } from './test-drift.ts'
import { FEWEST_CHUNKS, referenceView, windowOf } from './views.ts'

const BINS = 20

export type ScoreSketches = Record<'reference' | 'current', Sketch[]>

/** Gathers what each batch of columns shows, and lets go of their profiles. */
export function createFindings(
  watchers: Watchers,
  settings: EndpointMonitorSettings,
  labels: { reference: string; current: string },
) {
  const columns: ComparedColumn[] = []
  const scores: MonitorScore[] = []
  const features: FeatureComparison[] = []
  const scoreSketches: ScoreSketches = { reference: [], current: [] }
  const kind = (family: string) => watchers.kinds.find((candidate) => candidate.family === family)!

  function evaluate(monitor: MonitorKind, reference: readonly Slice[], current: readonly Slice[]) {
    if (settings.off.includes(monitor.family)) return []
    const view = referenceView(labels.reference, reference)
    const window = windowOf(current, 'binary', false)
    const own = settingsFor(monitor, watchers, settings)
    const found = monitor.evaluate(window, view, own)
    if (monitor.family !== 'drift' || reference.length >= FEWEST_CHUNKS) return found
    return found.map((score) => {
      const now = window.slice.features.get(score.feature)
      return now ? testDrift(score, view.whole.features.get(score.feature)!, now, own.alpha) : score
    })
  }

  return {
    columns,
    scores,
    features,
    /** of the column of scores, by chunk */
    scoreSketches,
    add(batch: readonly AlignedColumn[], then: ProfiledColumns | undefined, now: ProfiledColumns | undefined) {
      const kinds = new Map<string, ComparedColumn['kind']>()
      for (const column of batch) {
        const before = then?.columns.get(column.name)
        const after = now?.columns.get(column.name)
        const kind = column.kind === 'category' && (before ?? after)?.overflow ? 'text' : column.kind
        kinds.set(column.name, kind)
        columns.push({
          name: column.name,
          kind,
          role: column.role,
          reference: before?.side ?? null,
          current: after?.side ?? null,
        })
      }
      if (!then || !now) return
      const score = batch.find((column) => column.role === 'score')?.name
      if (score !== undefined)
        for (const [side, { chunks }] of [
          ['reference', then],
          ['current', now],
        ] as const)
          scoreSketches[side] = chunks.map(({ features }) => features.get(score)?.sketch ?? new Map())
      const both = new Set(batch.filter((column) => column.reference && column.current).map((column) => column.name))
      const distributed = (name: string) => both.has(name) && ['number', 'category', 'text'].includes(kinds.get(name)!)
      const [before, after] = [then, now].map((side) =>
        slicesOf(
          side.chunks.map(({ rows, features }) => ({
            rows,
            features: new Map([...features].filter(([name]) => both.has(name))),
          })),
        ),
      ) as [Slice[], Slice[]]
      scores.push(
        ...evaluate(kind('quality'), before, after).filter(
          (score) => score.monitor === 'quality.missing' || distributed(score.feature),
        ),
      )
      const narrowed = (slices: Slice[]) =>
        slices.map((slice) => ({
          ...slice,
          features: new Map([...slice.features].filter(([name]) => distributed(name))),
        }))
      const [narrowBefore, narrowAfter] = [narrowed(before), narrowed(after)]
      scores.push(...evaluate(kind('drift'), narrowBefore, narrowAfter))
      const whole = { before: mergeSlices(narrowBefore), after: mergeSlices(narrowAfter) }
      for (const name of whole.before.features.keys())
        features.push(
          compareFeature(
            name,
            { label: labels.current, slice: whole.after },
            { label: labels.reference, slice: whole.before },
            watchers.metrics as readonly DriftMetric[],
            BINS,
          ),
        )
      for (const column of batch) {
        const unreadable = now.columns.get(column.name)?.side.unreadable ?? 0
        if (unreadable > 0) scores.push(unreadableScore(column.name, unreadable, now))
      }
    },
  }
}

function unreadableScore(feature: string, unreadable: number, side: ProfiledColumns): MonitorScore {
  const rows = side.chunks.reduce((n, chunk) => n + chunk.rows, 0)
  return {
    monitor: 'quality.type',
    feature,
    segment: '',
    value: unreadable / rows,
    low: null,
    high: null,
    samples: rows,
    thresholdLow: null,
    thresholdHigh: 0,
    state: 'violation',
    p: null,
    definition: { metric: 'type', formula: 'share of rows whose text is no number where the reference has numbers' },
  }
}
