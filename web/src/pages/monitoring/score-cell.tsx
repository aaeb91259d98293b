import type { ReactNode } from 'react'
import type { MonitorHeatMap, ScoreRow } from '../../api/types.ts'
import type { HeatCell } from '../../charts/draw-heat.ts'
import { count, measure } from '../../format/number.ts'
import { eventWindow } from '../../format/time.ts'
import { thresholdText } from './family-tiles.tsx'
import classes from './monitoring.module.css'
import { definitionFacts, stateText, stateWord } from './score-explanation.ts'

export const featureName = (feature: string) =>
  feature === '$score' ? 'score (output)' : feature === '$label' ? 'label (output)' : feature

/** How near a value is to its threshold: 0 in the middle of what is ordinary, 1 at its edge; null when that is not known. */
function heat(value: number | null, low: number | null, high: number | null): number | null {
  if (value === null) return null
  if (low !== null && high !== null) return high > low ? Math.abs(value - (low + high) / 2) / ((high - low) / 2) : null
  if (high !== null) return high > 0 ? Math.max(0, value) / high : value > high ? 2 : 0
  if (low !== null) return value <= low ? 1 + (low - value) / (Math.abs(low) || 1) : low > 0 ? low / value : 0
  return 0
}

/** The cells of a row, one a window. */
export const heatCells = (row: ScoreRow): (HeatCell | undefined)[] =>
  row.state.map((state, i) =>
    state === null
      ? undefined
      : { state, heat: heat(row.value[i] ?? null, row.thresholdLow[i] ?? null, row.thresholdHigh[i] ?? null) },
  )

const stateOf = (row: ScoreRow, i: number) =>
  row.state[i] == null ? undefined : stateText({ state: row.state[i], definition: row.definition })

export const cellLine = (map: MonitorHeatMap, row: ScoreRow, i: number): string =>
  `${featureName(row.feature) || row.title}, ${eventWindow({ from: map.windows[i]!.start, to: map.windows[i]!.end })}: ${
    row.value[i] == null ? '' : `${measure(row.value[i])}, `
  }${stateOf(row, i) ?? 'nothing known'}`

/** Everything a score says of itself. */
export function CellExplanation({ map, row, i }: { map: MonitorHeatMap; row: ScoreRow; i: number }) {
  const window = map.windows[i]!
  const state = row.state[i]
  const { failed: _, reference, window: __, step: ___, type: ____, p: _____, ...definition } = row.definition
  const facts: Record<string, ReactNode> = {
    Window: eventWindow({ from: window.start, to: window.end }),
    State: state == null ? 'nothing known' : (stateWord(state) ?? stateOf(row, i)),
    ...(state === 'failed' ? { Why: stateOf(row, i) } : {}),
    Interval: row.low[i] == null || row.high[i] == null ? null : `${measure(row.low[i])} to ${measure(row.high[i])}`,
    Ordinary: thresholdText(row.thresholdLow[i] ?? null, row.thresholdHigh[i] ?? null),
    Samples: row.samples[i] == null ? null : count(row.samples[i]),
    'Chance without change': row.p[i] == null ? null : measure(row.p[i], 2),
    Reference: typeof reference === 'string' ? reference : map.definition.reference,
    ...definitionFacts(definition),
  }
  return (
    <>
      <div className={classes.cellHead}>
        <b>{[featureName(row.feature), row.segment].filter(Boolean).join(', ') || row.title}</b>
        <b className="number">{row.value[i] == null ? '' : `${measure(row.value[i])} ${row.unit}`}</b>
      </div>
      <div className="muted">{row.title}</div>
      <dl className={classes.cellFacts}>
        {Object.entries(facts)
          .filter(([, value]) => value != null && value !== '')
          .slice(0, 13)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </>
  )
}
