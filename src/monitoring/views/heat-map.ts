import type { ScoreState } from '../../contracts/monitor-kind.ts'
import { evaluateWindow, type Watchers } from '../evaluate-window.ts'
import { againstOf, type EndpointMonitorSettings, windowOf } from '../monitor-settings.ts'
import type { EndpointKey } from '../stale.ts'
import { samplesOfSegment, type WindowSamples } from '../window-samples.ts'
import type { ViewRequest } from '../windows/view-request.ts'
import { type ViewDefinition, type ViewDependencies, viewWindows } from '../windows/view-windows.ts'
import { emptyRow, put, type ScoreRow } from './score-row.ts'
import { readStoredRows } from './stored-rows.ts'

export interface HeatMap {
  family: string
  definition: ViewDefinition
  windows: { start: number; end: number; rows: number }[]
  rows: ScoreRow[]
}

/** Windows, reference and metrics as the monitors have them unless the question says otherwise. */
export interface HeatMapQuestion extends Partial<ViewRequest> {
  family: string
  /** one feature's rows alone */
  feature?: string
  /** drift metric by type of feature, instead of the settings' */
  metrics?: Partial<Pick<EndpointMonitorSettings['drift_metric'], 'numeric' | 'categorical'>>
}

/** Every monitor of a family over time. */
export async function heatMap(
  dependencies: ViewDependencies & { watchers: Watchers; withSamples: WindowSamples },
  key: EndpointKey,
  { family, feature, metrics, ...request }: HeatMapQuestion,
): Promise<HeatMap> {
  const { watchers, settings: store } = dependencies
  const kind = watchers.kinds.find((k) => k.family === family)
  if (!kind) return { family, definition: noDefinition, windows: [], rows: [] }
  const settings = await store.of(key)
  const described = new Map(kind.monitors.map((m) => [m.name, m]))
  if (!request.spec && !request.against && !metrics && !request.segment) {
    const stored = await readStoredRows(dependencies.environment, key, { family, feature, ...request }, settings)
    return { family, ...stored, rows: inOrder(stored.rows.map((row) => ({ ...row, ...titleOf(described, row) }))) }
  }
  const found = await viewWindows(
    dependencies,
    key,
    {
      spec: windowOf(settings),
      against: againstOf(settings),
      ...request,
    },
    feature === undefined ? {} : { features: [feature] },
  )
  const own: EndpointMonitorSettings = {
    ...settings,
    off: [],
    drift_metric: { ...settings.drift_metric, ...metrics },
    ...(feature === undefined ? {} : { features: [feature] }),
  }
  const add =
    kind.needs === 'sample'
      ? samplesOfSegment(
          await dependencies.withSamples(
            key,
            found.definition.revision,
            found.windows.map(({ view }) => view),
          ),
          request.segment ?? '',
        )
      : undefined
  const rows = new Map<string, ScoreRow>()
  for (const [i, { view: profiled, reference: held }] of found.windows.entries()) {
    if (profiled.days === 0) continue
    const [view, reference] = (await add?.(profiled, held)) ?? [profiled, held]
    const scores = evaluateWindow(view, reference, own, { ...watchers, kinds: [kind] }).flatMap((f) => f.scores)
    for (const score of scores) {
      if (feature !== undefined && score.feature !== feature) continue
      const id = JSON.stringify([score.monitor, score.feature, score.segment])
      let row = rows.get(id)
      if (!row) {
        row = emptyRow(score, found.windows.length)
        rows.set(id, row)
      }
      put(row, i, score)
    }
  }
  return {
    family,
    definition: found.definition,
    windows: found.windows.map(({ view }) => ({ start: view.start, end: view.end, rows: view.slice.rows })),
    rows: inOrder([...rows.values()].map((row) => ({ ...row, ...titleOf(described, row) }))),
  }
}

const noDefinition: ViewDefinition = {
  revision: 0,
  window: '',
  step: '',
  zone: 'UTC',
  reference: null,
  segment: '',
  source: 'computed',
}

const titleOf = (
  described: ReadonlyMap<string, { title: string; unit: string }>,
  { monitor }: { monitor: string },
) => ({
  title: described.get(monitor)?.title ?? monitor,
  unit: described.get(monitor)?.unit ?? '',
})

const weights: Record<ScoreState, number> = {
  violation: 5,
  failed: 4,
  watch: 3,
  ok: 2,
  too_few_samples: 1,
  no_reference: 1,
}

/** The rows that are worst in their newest window first. */
function inOrder(rows: ScoreRow[]): ScoreRow[] {
  const rank = (row: ScoreRow) => {
    let i = row.state.length - 1
    while (i >= 0 && row.state[i] === null) i--
    if (i < 0) return 0
    const [value, high, low] = [row.value[i], row.thresholdHigh[i], row.thresholdLow[i]]
    const beyond =
      value == null
        ? 0
        : Math.max(high != null && high > 0 ? value / high : 0, low != null && value > 0 ? low / value : 0)
    return weights[row.state[i]!] + Math.min(0.99, beyond / (1 + beyond))
  }
  return rows
    .map((row) => ({ row, rank: rank(row) }))
    .sort((a, b) => b.rank - a.rank || (a.row.feature < b.row.feature ? -1 : 1))
    .map(({ row }) => row)
}
