import type { MonitorKind, MonitorScore } from '../contracts/monitor-kind.ts'
import { compareFeature, type FeatureComparison } from '../monitoring/compare-feature.ts'
import { settingsFor, type Watchers } from '../monitoring/evaluate-window.ts'
import type { EndpointMonitorSettings } from '../monitoring/monitor-settings.ts'
import type { Sketch } from '../statistics/sketch.ts'
import { mergeSlices, type Slice } from '../statistics/slice.ts'
import type { AlignedColumn } from './align-columns.ts'
import type { ComparedColumn } from './comparison.ts'
import { type ProfiledColumns, slicesOf } from './profiled-columns.ts'
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

  function evaluate(monitor: MonitorKind, reference: Merged, current: Merged) {
    if (settings.off.includes(monitor.family)) return []
    const view = referenceView(labels.reference, reference.chunks, reference.whole)
    const window = windowOf(current.chunks, 'binary', false, current.whole)
    const own = settingsFor(monitor, watchers, settings)
    const found = monitor.evaluate(window, view, own)
    if (monitor.family !== 'drift' || reference.chunks.length >= FEWEST_CHUNKS) return found
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
      const before = merged(then, both)
      const after = merged(now, both)
      scores.push(
        ...evaluate(kind('quality'), before, after).filter(
          (score) => score.monitor === 'quality.missing' || distributed(score.feature),
        ),
      )
      const [narrowBefore, narrowAfter] = [narrowed(before, distributed), narrowed(after, distributed)]
      scores.push(...evaluate(kind('drift'), narrowBefore, narrowAfter))
      for (const name of narrowBefore.whole.features.keys())
        features.push(
          compareFeature(
            name,
            { label: labels.current, slice: narrowAfter.whole },
            { label: labels.reference, slice: narrowBefore.whole },
            watchers.metrics,
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

/** One side's chunks and their merge, which is made once: with thousands of columns merging is most of the work. */
interface Merged {
  chunks: Slice[]
  whole: Slice
}

function merged(side: ProfiledColumns, names: ReadonlySet<string>): Merged {
  const chunks = slicesOf(
    side.chunks.map(({ rows, features }) => ({
      rows,
      features: new Map([...features].filter(([name]) => names.has(name))),
    })),
  )
  return { chunks, whole: mergeSlices(chunks) }
}

function narrowed({ chunks, whole }: Merged, wanted: (name: string) => boolean): Merged {
  const narrow = (slice: Slice): Slice => ({
    ...slice,
    features: new Map([...slice.features].filter(([name]) => wanted(name))),
  })
  return { chunks: chunks.map(narrow), whole: narrow(whole) }
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
