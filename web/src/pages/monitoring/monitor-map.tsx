import { useMemo } from 'react'
import type { MonitorHeatMap, ScoreRow } from '../../api/types.ts'
import { HeatMap } from '../../charts/heat-map.tsx'
import { date, dateTime } from '../../format/time.ts'
import { CellExplanation, cellLine, featureName, heatCells } from './score-cell.tsx'

const day = 86_400_000

/** A family's monitors over time. `named` says what a row is called. */
export function MonitorMap({
  map,
  label,
  filter,
  selected,
  onPick,
  named = (row) => featureName(row.feature),
}: {
  map: MonitorHeatMap
  label: string
  filter: string
  selected?: { feature: string; end: number } | undefined
  onPick(row: ScoreRow, window: MonitorHeatMap['windows'][number]): void
  named?: (row: ScoreRow) => string
}) {
  const shown = useMemo(() => {
    const text = filter.toLowerCase()
    return map.rows
      .filter((row) => named(row).toLowerCase().includes(text))
      .map((row) => ({
        key: `${row.monitor} ${row.feature} ${row.segment}`,
        name: named(row),
        row,
        cells: heatCells(row),
      }))
  }, [map, filter, named])
  const whole = map.windows.every(({ end }) => end % day === 0)
  const columns = useMemo(
    () => map.windows.map(({ end }) => (whole ? date(end - 1) : dateTime(end).slice(0, 16))),
    [map, whole],
  )
  const every = Math.max(1, Math.ceil(columns.length / 8))
  const ticks = columns.flatMap((_, i) => (i % every === 0 && i <= columns.length - every / 2 ? [i] : []))
  const at = selected && {
    row: shown.findIndex(({ row }) => row.feature === selected.feature),
    column: map.windows.findIndex(({ end }) => end === selected.end),
  }
  return (
    <HeatMap
      label={label}
      rows={shown}
      columns={columns}
      ticks={ticks}
      selected={at && at.row >= 0 && at.column >= 0 ? at : undefined}
      onPick={({ row, column }) => onPick(shown[row]!.row, map.windows[column]!)}
      explain={({ row, column }) => shown[row] && <CellExplanation map={map} row={shown[row].row} i={column} />}
      say={({ row, column }) => (shown[row] ? cellLine(map, shown[row].row, column) : '')}
    />
  )
}
