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
  /** same length as `x`; null leaves a gap */
  y: (number | null)[]
  colour?: string | undefined
  /** interval drawn as a band around the line */
  low?: (number | null)[] | undefined
  high?: (number | null)[] | undefined
  dashed?: boolean
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
  log?: boolean
  label: string
  /** a legend even for a single line */
  legend?: boolean
  format?: (value: number | null | undefined) => string
  /** called with the index that was clicked */
  onPick?: (index: number) => void
}

/** Lines over time or steps, with intervals, a reference band and markers. The legend switches lines off. */
export function LinePlot(props: LinePlotProps) {
  const { x, series, band, height = 220, label, time = false, xLabel, onPick, format = measure } = props
  const { ref: frame, width } = useElementSize<HTMLDivElement>()
  const host = useRef<HTMLDivElement>(null)
  const colours = useChartColours()
  const [off, setOff] = useState<ReadonlySet<string>>(new Set())
  const [cursor, setCursor] = useState<{ index: number; left: number; top: number }>()
  const colourOf = (i: number) => series[i]!.colour ?? colours.series[i % colours.series.length]!

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is not named here does not change the picture
  useEffect(() => {
    if (width === 0 || !host.current) return
    const shown = series.map((one, i) => ({ ...one, colour: colourOf(i) })).filter(({ name }) => !off.has(name))
    const { options, data } = plotOptions({ ...props, series: shown }, colours, width, height, (at) => setCursor(at))
    const plot = new uPlot(options, data, host.current)
    return () => plot.destroy()
  }, [x, series, band, props.markers, props.log, width, height, colours, off])

  const toggle = (name: string) =>
    setOff((before) => {
      const after = new Set(before)
      if (!after.delete(name)) after.add(name)
      return after
    })
  const at = cursor?.index
  const xText =
    at === undefined
      ? ''
      : time
        ? x[at]! % 86_400_000 === 0
          ? date(x[at]!)
          : `${dateTime(x[at]!)} UTC`
        : `${xLabel ?? 'x'} ${measure(x[at])}`
  return (
    <figure className={classes.plot} aria-label={label}>
      {series.length > 1 || band || props.legend ? (
        <figcaption className={classes.legend}>
          {series.map((one, i) => (
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
          ))}
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
            {series.map((one, i) =>
              off.has(one.name) || one.y[at] == null ? null : (
                <div key={one.name}>
                  <div className={classes.tipRow}>
                    <i style={{ background: colourOf(i) }} />
                    <span>{one.name}</span>
                    <b>{format(one.y[at])}</b>
                  </div>
                  {one.low?.[at] != null && one.high?.[at] != null && (
                    <div className={classes.tipNote}>
                      {format(one.low[at])} to {format(one.high[at])}
                    </div>
                  )}
                  {one.note?.(at) && <div className={classes.tipNote}>{one.note(at)}</div>}
                </div>
              ),
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
