import { useElementSize } from '@mantine/hooks'
import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { measure } from '../format/number.ts'
import { date, dateTime } from '../format/time.ts'
import { useChartColours } from './chart-colours.ts'
import classes from './line-plot.module.css'
import { plotOptions } from './plot-options.ts'

export interface Series {
  name: string
  /** same length as `x`; null leaves a gap, undefined is where the line has no point of its own */
  y: (number | null | undefined)[]
  colour?: string | undefined
  /** interval drawn as a band around the line */
  low?: (number | null)[] | undefined
  high?: (number | null)[] | undefined
  dashed?: boolean
  /** behind the others: without legend and words */
  faint?: boolean
  /** points that are drawn in the colour of a violation */
  marked?: boolean[]
  /** what the number means, shown under the cursor's values */
  note?: ((index: number) => string | null | undefined) | undefined
}

export interface Marker {
  x: number
  text: string
  tone: 'accent' | 'bad' | 'muted'
}

export interface LinePlotProps {
  /** rising; milliseconds when `time`, else plain numbers */
  x: number[]
  time?: boolean
  series: Series[]
  /** what is ordinary: values outside stand out; per point or constant */
  band?: { low?: (number | null)[]; high?: (number | null)[]; text: string } | undefined
  markers?: Marker[]
  height?: number
  xLabel?: string
  /** how a place on the horizontal axis reads, where it is no time */
  xFormat?: (value: number) => string
  log?: boolean
  /** what the vertical axis shows, where it is not everything */
  yRange?: [number, number] | undefined
  label: string
  /** a legend even for a single line */
  legend?: boolean
  format?: (value: number | null | undefined) => string
  /** called with the index that was clicked */
  onPick?: (index: number) => void
  /** called with the range of `x` that was drawn over; without it the picture itself zooms */
  onZoom?: (from: number, to: number) => void
  /** called by a double click, to see everything again */
  onReset?: () => void
}

/** names that the cursor shows at once; with more lines those next to it */
const mostNamed = 10

/** A step is read to its last digit. */
const whole = (value: number) => (Number.isInteger(value) ? value.toLocaleString('en') : measure(value))

/** Lines with what each has at an index, or had last before it; of very many, those next to the pointer. */
function namedAt(series: Series[], off: ReadonlySet<string>, at: number, pointer: number | undefined) {
  const all = series.flatMap((one, i) => {
    if (one.faint || off.has(one.name)) return []
    let index = at
    while (index > 0 && one.y[index] === undefined) index--
    const value = one.y[index]
    return value === undefined || (value === null && index !== at) || (value === null && series.length > 1)
      ? []
      : [{ one, i, value }]
  })
  if (all.length <= mostNamed) return all
  const distance = ({ value }: { value: number | null }) => Math.abs((value ?? Number.MAX_VALUE) - (pointer ?? 0))
  return all.sort((a, b) => distance(a) - distance(b)).slice(0, mostNamed)
}

/** Lines over time or steps, with intervals, a reference band and markers. The legend switches lines off. */
export function LinePlot(props: LinePlotProps) {
  const { x, series, band, height = 220, label, time = false, xLabel, onPick, format = measure } = props
  const { ref: frame, width } = useElementSize<HTMLDivElement>()
  const host = useRef<HTMLDivElement>(null)
  const colours = useChartColours()
  const [off, setOff] = useState<ReadonlySet<string>>(new Set())
  const [cursor, setCursor] = useState<{ index: number; left: number; top: number; value?: number }>()
  const colourOf = (i: number) => series[i]!.colour ?? colours.series[i % colours.series.length]!

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is not named here does not change the picture
  useEffect(() => {
    if (width === 0 || !host.current) return
    const shown = series.map((one, i) => ({ ...one, colour: colourOf(i) })).filter(({ name }) => !off.has(name))
    const { options, data } = plotOptions({ ...props, series: shown }, colours, width, height, (at) => setCursor(at))
    const plot = new uPlot(options, data, host.current)
    return () => plot.destroy()
  }, [x, series, band, props.markers, props.log, props.yRange, width, height, colours, off])

  const toggle = (name: string) =>
    setOff((before) => {
      const after = new Set(before)
      if (!after.delete(name)) after.add(name)
      return after
    })
  const at = cursor?.index
  const named = at === undefined ? [] : namedAt(series, off, at, cursor?.value)
  const xText =
    at === undefined
      ? ''
      : time
        ? x[at]! % 86_400_000 === 0
          ? date(x[at]!)
          : `${dateTime(x[at]!)} UTC`
        : `${xLabel ?? 'x'} ${(props.xFormat ?? whole)(x[at]!)}`
  return (
    <figure className={classes.plot} aria-label={label}>
      {series.filter(({ faint }) => !faint).length > 1 || band || props.legend ? (
        <figcaption className={classes.legend}>
          {series.map((one, i) =>
            one.faint ? null : (
              <button key={one.name} type="button" aria-pressed={!off.has(one.name)} onClick={() => toggle(one.name)}>
                <i
                  style={{
                    background: one.dashed
                      ? `repeating-linear-gradient(90deg, ${colourOf(i)} 0 4px, transparent 4px 7px)`
                      : colourOf(i),
                  }}
                />
                {one.name}
              </button>
            ),
          )}
          {band && (
            <span>
              <i className={band.low && band.high ? classes.band : classes.threshold} />
              {band.text}
            </span>
          )}
        </figcaption>
      ) : null}
      <div ref={frame} className={classes.frame} style={{ height }}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: what a click opens is in the table below too */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: as above */}
        <div
          ref={host}
          onClick={() => at !== undefined && onPick?.(at)}
          onDoubleClick={props.onReset}
          style={{ cursor: onPick ? 'pointer' : undefined }}
        />
        {cursor && at !== undefined && (
          <div
            className={classes.tip}
            style={
              cursor.left > width / 2 ? { right: width - cursor.left + 12, top: 6 } : { left: cursor.left + 12, top: 6 }
            }
          >
            <div className={classes.tipHead}>{xText}</div>
            {named.map(({ one, i, value }) => (
              <div key={one.name}>
                <div className={classes.tipRow}>
                  <i style={{ background: colourOf(i) }} />
                  <span className="clip">{one.name}</span>
                  <b>{value === null ? 'no number' : format(value)}</b>
                </div>
                {one.low?.[at] != null && one.high?.[at] != null && (
                  <div className={classes.tipNote}>
                    {format(one.low[at])} to {format(one.high[at])}
                  </div>
                )}
                {one.note?.(at) && <div className={classes.tipNote}>{one.note(at)}</div>}
              </div>
            ))}
            {named.length < series.filter(({ faint }) => !faint).length - off.size && named.length === mostNamed && (
              <div className={classes.tipNote}>the {mostNamed} next to the pointer</div>
            )}
            {band && (band.low?.[at] != null || band.high?.[at] != null) && (
              <div className={classes.tipNote}>
                ordinary: {band.low?.[at] == null ? '' : `${format(band.low[at])} `}to{' '}
                {band.high?.[at] == null ? '…' : format(band.high[at])}
              </div>
            )}
          </div>
        )}
      </div>
    </figure>
  )
}
