import type { DriftMetric } from '../contracts/drift-metric.ts'
import type { MonitorKind, MonitorScore } from '../contracts/monitor-kind.ts'
import { compareFeature, type FeatureComparison } from '../monitoring/compare-feature.ts'
import { settingsFor, type Watchers } from '../monitoring/evaluate-window.ts'
import { type EndpointMonitorSettingsInput, monitorSettings } from '../monitoring/monitor-settings.ts'
import { mergeSlices, type Slice } from '../statistics/slice.ts'
import { type AlignedColumn, alignColumns, type ColumnRequest } from './align-columns.ts'
import { MOST_CATEGORIES, type ScannedColumn } from './chunk-statement.ts'
import type { ComparedColumn, Comparison } from './comparison.ts'
import { conclude } from './conclude.ts'
import { correlationChanges, correlationMatrix, MOST_CORRELATED } from './correlations.ts'
import { judgeModel } from './judge-model.ts'
import { listed, openTable } from './open-table.ts'
import { type ProfiledColumns, profileColumns, slicesOf } from './profile-columns.ts'
import { openTableEngine, type TableEngine } from './table-engine.ts'
import { tableFile } from './table-file.ts'
import { testDrift } from './test-drift.ts'
import { chunkNumbers, FEWEST_CHUNKS, referenceView, windowOf } from './views.ts'

export interface TablesRequest extends ColumnRequest {
  /** absolute paths */
  reference: string
  current: string
  /** the value of target and prediction that is the positive class; 1 or true when absent */
  positive?: string
  /** a score of at least this is predicted positive */
  threshold: number
  /** a distance below it is no violation, however certain it is */
  smallest: number
  /** as those of an endpoint's monitors: alpha, limits, drift metric, least rows */
  monitors: EndpointMonitorSettingsInput
  /** bytes that the engine may use; half of the machine's when absent */
  memory?: number
}

/** Columns that one scan takes: their dense counts are in memory at once. */
const COLUMNS_OF_SCAN = 40
const BINS = 20

/**
 * Compares two files: columns, quality, drift, and what the named columns of the model allow. Files are read by columns,
 * each once (and those of the model once more). Errors: `table_unreadable`, `column_unknown`, `too_large`, `events_limit`.
 */
export async function compareTables(
  request: TablesRequest,
  watchers: Watchers,
  clock: () => number,
): Promise<Comparison> {
  const [before, after] = await Promise.all([tableFile(request.reference), tableFile(request.current)])
  const engine = await openTableEngine(request.memory)
  try {
    const [reference, current] = await Promise.all([
      openTable(engine, before, 'reference'),
      openTable(engine, after, 'current'),
    ])
    const { columns, scores } = alignColumns(reference, current, request)
    const chunks = chunkNumbers(reference.rows, current.rows)
    const labels = {
      reference: before.name,
      current: before.name === after.name ? `${after.name} (current)` : after.name,
    }
    const settings = monitorSettings.parse({ min_rows: 30, ...request.monitors })
    const notes = [...reference.notes, ...current.notes]

    const found = createFindings(watchers, settings, labels)
    for (let start = 0; start < columns.length; start += COLUMNS_OF_SCAN) {
      const batch = columns.slice(start, start + COLUMNS_OF_SCAN)
      const scan = (side: 'reference' | 'current') => {
        const there = batch.flatMap((column) => column[side] ?? [])
        return there.length > 0
          ? profileColumns(engine, side === 'reference' ? reference : current, chunks[side], there)
          : undefined
      }
      const [then, now] = await Promise.all([scan('reference'), scan('current')])
      found.add(batch, then, now)
    }
    const texts = found.columns.filter((column) => column.kind === 'text').map((column) => column.name)
    if (texts.length > 0)
      notes.push(
        `more than ${MOST_CATEGORIES} different texts, compared by their lengths in characters: ${listed(texts)}`,
      )

    const [model, correlations] = await Promise.all([
      judgeModel({
        engine,
        reference,
        current,
        columns,
        chunks,
        found: found.columns,
        request,
        settings,
        watchers,
        labels,
      }),
      correlationsOf(engine, reference, current, columns, notes),
    ])
    return conclude({
      title: `${after.name} against ${before.name}`,
      madeAt: clock(),
      reference: { label: labels.reference, rows: reference.rows },
      current: { label: labels.current, rows: current.rows },
      columns: found.columns,
      scores: [...scores, ...found.scores, ...model.scores],
      features: found.features,
      correlations,
      performance: model.performance,
      groups: model.groups,
      notes: [...notes, ...model.notes],
      kinds: watchers.kinds,
      settings,
      smallest: request.smallest,
      extra: { threshold: request.threshold, chunks },
    })
  } finally {
    await engine.close()
  }
}

export type Settings = ReturnType<typeof monitorSettings.parse>

/** Gathers what each batch of columns shows, and lets go of their profiles. */
function createFindings(watchers: Watchers, settings: Settings, labels: { reference: string; current: string }) {
  const columns: ComparedColumn[] = []
  const scores: MonitorScore[] = []
  const features: FeatureComparison[] = []
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
      const both = new Set(batch.filter((column) => column.reference && column.current).map((column) => column.name))
      const distributed = (name: string) => both.has(name) && ['number', 'category', 'text'].includes(kinds.get(name)!)
      const [before, after] = [then, now].map((side) =>
        slicesOf(
          side.chunks.map(({ rows, features, lengths }) => ({
            rows,
            features: new Map(
              [...features].flatMap(([name, profile]) => {
                const own = kinds.get(name) === 'text' ? lengths.get(name) : profile
                return both.has(name) && own ? [[name, own] as const] : []
              }),
            ),
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

async function correlationsOf(
  engine: TableEngine,
  reference: Parameters<typeof correlationMatrix>[1],
  current: Parameters<typeof correlationMatrix>[1],
  columns: readonly AlignedColumn[],
  notes: string[],
) {
  const numbers = columns.filter(
    (column): column is AlignedColumn & { reference: ScannedColumn; current: ScannedColumn } =>
      column.kind === 'number' && column.reference?.kind === 'number' && column.current?.kind === 'number',
  )
  if (numbers.length < 2) return []
  if (numbers.length > MOST_CORRELATED) {
    notes.push(`correlations are compared for up to ${MOST_CORRELATED} numeric columns; there are ${numbers.length}`)
    return []
  }
  const [before, after] = await Promise.all([
    correlationMatrix(
      engine,
      reference,
      numbers.map((column) => column.reference),
    ),
    correlationMatrix(
      engine,
      current,
      numbers.map((column) => column.current),
    ),
  ])
  return correlationChanges(
    numbers.map((column) => column.name),
    before,
    after,
  )
}
