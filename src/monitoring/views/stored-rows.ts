import type { ScoreState } from '../../contracts/monitor-kind.ts'
import type { Environment } from '../../environment.ts'
import { type EndpointMonitorSettings, windowOf } from '../monitor-settings.ts'
import type { EndpointKey } from '../stale.ts'
import type { ViewDefinition } from '../windows/view-windows.ts'
import { windowText } from '../windows/window-spec.ts'
import { emptyRow, put, type ScoreRow } from './score-row.ts'

interface Cell {
  end: number
  start: number
  value: number | null
  low: number | null
  high: number | null
  thresholdLow: number | null
  thresholdHigh: number | null
  samples: number
  state: ScoreState
  p: number | null
}

interface Row {
  monitor: string
  feature: string
  segment: string
  cells: Cell[]
  /** definition of the newest */
  newest: string
}

const USUAL = 92
const EVER = 4_102_444_800_000

/** Scores as the monitors have left them, a row a monitor and feature. The newest 92 windows when no stretch is asked for. */
export async function readStoredRows(
  { events }: Pick<Environment, 'events'>,
  key: EndpointKey,
  question: { family: string; feature?: string | undefined; revision?: number; from?: number; to?: number },
  settings: EndpointMonitorSettings,
): Promise<{ definition: ViewDefinition; windows: { start: number; end: number; rows: number }[]; rows: ScoreRow[] }> {
  const params = {
    project: key.project,
    endpoint: key.endpoint,
    prefix: `${question.family}.`,
    scope: `endpoint/${key.endpoint}`,
    feature: question.feature ?? '',
    any: question.feature === undefined,
    from: Math.max(0, Math.floor((question.from ?? 0) / 1000)),
    to: Math.floor(Math.min(EVER, question.to ?? EVER) / 1000),
    most: question.from === undefined ? USUAL : 1000,
  }
  const spec = windowText(windowOf(settings))
  const [newest] = await events.query<{ revision: number }>(
    `SELECT max(revision) AS revision FROM profile_days FINAL
     WHERE project = {project:String} AND scope = {scope:String} AND segment = '' AND feature = '$rows' AND sum > 0`,
    params,
  )
  const revision = question.revision ?? newest?.revision ?? 0
  const found = await events.query<Row>(
    `SELECT monitor, feature, segment, argMax(definition, window_end) AS newest,
       groupArray(CAST((toUnixTimestamp(window_end), toUnixTimestamp(window_start), value, low, high, threshold_low, threshold_high,
         samples, state, JSONExtract(definition, 'p', 'Nullable(Float64)')), 'Tuple(end UInt32, start UInt32, value Nullable(Float64),
         low Nullable(Float64), high Nullable(Float64), thresholdLow Nullable(Float64), thresholdHigh Nullable(Float64),
         samples UInt64, state String, p Nullable(Float64))')) AS cells
     FROM (
       SELECT * FROM scores FINAL
       WHERE project = {project:String} AND endpoint = {endpoint:String} AND startsWith(monitor, {prefix:String})
         AND revision = {revision:UInt32} AND JSONExtractString(definition, 'window') IN ('', {window:String}) AND ({any:Bool} OR feature = {feature:String})
         AND window_end > toDateTime({from:UInt32}, 'UTC') AND window_end <= toDateTime({to:UInt32}, 'UTC')
       ORDER BY window_end DESC LIMIT {most:UInt32} BY monitor, feature, segment
     ) GROUP BY monitor, feature, segment`,
    { ...params, revision, window: spec.window },
  )
  const bounds = new Map<number, { start: number; end: number; rows: number }>()
  for (const { cells } of found)
    for (const cell of cells) {
      const known = bounds.get(cell.end)
      bounds.set(cell.end, {
        start: cell.start * 1000,
        end: cell.end * 1000,
        rows: Math.max(known?.rows ?? 0, cell.samples),
      })
    }
  const windows = [...bounds.values()].sort((a, b) => a.end - b.end).slice(-params.most)
  const place = new Map(windows.map((window, i) => [window.end, i]))
  let reference: string | null = null
  const rows = found.map(({ cells, newest: definition, ...of }) => {
    const row = emptyRow(of, windows.length)
    const parsed = JSON.parse(definition) as Record<string, unknown>
    if (typeof parsed.reference === 'string') reference = parsed.reference
    for (const { start, end, ...cell } of cells) {
      const i = place.get(end * 1000)
      if (i !== undefined) put(row, i, { ...cell, definition: parsed })
    }
    return row
  })
  return {
    definition: {
      revision,
      ...spec,
      reference,
      segment: '',
      source: 'stored',
    },
    windows,
    rows,
  }
}
