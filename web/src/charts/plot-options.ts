import type uPlot from 'uplot'
import { measure } from '../format/number.ts'
import type { ChartColours } from './chart-colours.ts'
import type { LinePlotProps, Series } from './line-plot.tsx'

type Shown = Series & { colour: string }
type Cursor = { index: number; left: number; top: number; value?: number } | undefined

/** uPlot's options and its columns: x, then for each line its values and, where it has an interval, two invisible edges. */
export function plotOptions(
  props: LinePlotProps & { series: Shown[] },
  colours: ChartColours,
  width: number,
  height: number,
  onCursor: (cursor: Cursor) => void,
): { options: uPlot.Options; data: uPlot.AlignedData } {
  const { x, series, band, time = false, markers = [], log = false, format = measure } = props
  type Values = (number | null | undefined)[]
  const columns: Values[] = []
  const drawn: uPlot.Series[] = [{}]
  const bands: uPlot.Band[] = []
  const add = (values: Values, definition: uPlot.Series) => {
    columns.push(values)
    drawn.push(definition)
    return drawn.length - 1
  }
  const fill = (low: (number | null)[], high: (number | null)[], colour: string) => {
    const edge = { stroke: 'transparent', width: 0, points: { show: false } }
    bands.push({ series: [add(high, edge), add(low, edge)], fill: colour })
  }

  if (band?.low && band.high) fill(band.low, band.high, mix(colours.reference, 0.16))
  else if (band) {
    for (const values of [band.low, band.high])
      if (values) add(values, { stroke: colours.reference, width: 1.2, dash: [5, 4], points: { show: false } })
  }
  for (const one of series) if (one.low && one.high) fill(one.low, one.high, mix(one.colour, 0.15))
  const few = x.length <= 60
  for (const one of series) {
    const index = add(one.y, {
      label: one.name,
      stroke: one.faint ? mix(one.colour, 0.28) : one.colour,
      width: one.faint ? 1 : 1.8,
      ...(one.dashed ? { dash: [5, 4] } : {}),
      spanGaps: false,
      points: { show: few && !one.faint, size: 4.5, fill: one.colour, width: 0 },
    })
    drawn[index]!.label = one.name
  }

  const axis: uPlot.Axis = {
    stroke: colours.muted,
    grid: { stroke: colours.line, width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  }
  const options: uPlot.Options = {
    width,
    height,
    ms: 1,
    tzDate: (ts) => utc(ts),
    legend: { show: false },
    padding: [10, 26, 0, 0],
    cursor: { drag: { x: true, y: false, setScale: !props.onZoom }, y: false, points: { size: 7 } },
    scales: {
      x: { time, ...(time && x.length === 1 ? { range: () => [x[0]! - day, x[0]! + day] } : {}) },
      y: {
        ...(log ? { distr: 3 as const } : {}),
        range: log ? undefined! : (_plot, low, high) => (props.yRange ? padded(...props.yRange) : padded(low, high)),
      },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: time ? 70 : 50,
        // what is of whole days is not read by the hour
        ...(time && x.every((at) => at % day === 0) ? { incrs: wholeDays } : {}),
        values: (_plot, ticks, _axis, _space, step) =>
          ticks.map((tick, i) => (time ? tickText(tick, step, i === 0) : (props.xFormat ?? measure)(tick))),
      },
      {
        ...axis,
        size: (_plot, values) => 14 + 6.4 * Math.max(3, ...(values ?? []).map((value) => value?.length ?? 0)),
        values: (_plot, ticks) => ticks.map((tick) => (tick == null ? '' : format(tick))),
      },
    ],
    series: drawn,
    bands,
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width } = plot.select
          if (!props.onZoom || width < 4) return
          const [from, to] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          props.onZoom(from, to)
        },
      ],
      setCursor: [
        (plot) => {
          const { idx, left = -1, top = 0 } = plot.cursor
          onCursor(
            idx == null || left < 0
              ? undefined
              : { index: idx, left: left + plot.bbox.left / devicePixelRatio, top, value: plot.posToVal(top, 'y') },
          )
        },
      ],
      draw: [
        (plot) => {
          for (const marker of markers) drawMarker(plot, marker, colours)
          for (const one of series) drawMarked(plot, x, one, colours)
        },
      ],
    },
  }
  if (log) delete (options.scales!.y as { range?: unknown }).range
  return { options, data: [x, ...columns] as uPlot.AlignedData }
}

const day = 86_400_000
const wholeDays = [1, 2, 3, 4, 5, 6, 7, 10, 15, 30, 60, 90, 180, 365, 730, 1825, 3650].map((days) => days * day)

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A tick in UTC, as fine as the distance of the ticks asks for; the first one names the year. */
function tickText(time: number, step: number, first: boolean): string {
  const at = new Date(time)
  const two = (value: number) => String(value).padStart(2, '0')
  if (step < 60_000) return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`
  const month = months[at.getUTCMonth()]!
  if (step < day)
    return time % day === 0 ? `${month} ${at.getUTCDate()}` : `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`
  if (step >= 27 * day) return `${month} ${at.getUTCFullYear()}`
  return first ? `${month} ${at.getUTCDate()}, ${at.getUTCFullYear()}` : `${month} ${at.getUTCDate()}`
}

function drawMarker(
  plot: uPlot,
  marker: { x: number; text: string; tone: 'accent' | 'bad' | 'muted' },
  colours: ChartColours,
) {
  const left = plot.valToPos(marker.x, 'x', true)
  const { ctx, bbox } = plot
  if (left < bbox.left || left > bbox.left + bbox.width) return
  const colour = marker.tone === 'muted' ? colours.muted : colours[marker.tone]
  ctx.save()
  ctx.strokeStyle = colour
  ctx.fillStyle = colour
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio])
  ctx.beginPath()
  ctx.moveTo(left, bbox.top)
  ctx.lineTo(left, bbox.top + bbox.height)
  ctx.stroke()
  ctx.font = `${10.5 * devicePixelRatio}px system-ui, sans-serif`
  const rightSide = left + ctx.measureText(marker.text).width + 8 * devicePixelRatio < bbox.left + bbox.width
  ctx.textAlign = rightSide ? 'left' : 'right'
  ctx.fillText(marker.text, left + (rightSide ? 4 : -4) * devicePixelRatio, bbox.top + 9 * devicePixelRatio)
  ctx.restore()
}

function drawMarked(plot: uPlot, x: number[], one: Shown, colours: ChartColours) {
  if (!one.marked?.some(Boolean)) return
  const { ctx } = plot
  ctx.save()
  ctx.setLineDash([])
  for (const [i, marked] of one.marked.entries()) {
    const y = one.y[i]
    if (!marked || y == null) continue
    ctx.beginPath()
    ctx.arc(plot.valToPos(x[i]!, 'x', true), plot.valToPos(y, 'y', true), 4 * devicePixelRatio, 0, 2 * Math.PI)
    ctx.fillStyle = colours.bad
    ctx.fill()
    ctx.lineWidth = 1.5 * devicePixelRatio
    ctx.strokeStyle = colours.surface
    ctx.stroke()
  }
  ctx.restore()
}

function padded(low: number | null, high: number | null): [number, number] {
  if (low == null || high == null) return [0, 1]
  if (low === high) return low === 0 ? [-1, 1] : [low - Math.abs(low) * 0.1, high + Math.abs(high) * 0.1]
  const room = (high - low) * 0.08
  return [low >= 0 && low - room < 0 ? 0 : low - room, high + room]
}

/** uPlot reads local parts of the date; shifted so that they are UTC's. */
function utc(milliseconds: number): Date {
  const at = new Date(milliseconds)
  return new Date(milliseconds + at.getTimezoneOffset() * 60_000)
}

/** A hex colour with an opacity. */
const mix = (colour: string, opacity: number) =>
  `${colour}${Math.round(opacity * 255)
    .toString(16)
    .padStart(2, '0')}`
