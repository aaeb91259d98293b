import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { curvesQuery } from '../../../api/tracking.ts'
import { alignCurves, positiveOnly, smoothLine, usualRange } from '../../../charts/align-curves.ts'
import { useChartColours } from '../../../charts/chart-colours.ts'
import { LinePlot, type Series } from '../../../charts/line-plot.tsx'
import { Failure } from '../../../components/failure.tsx'
import { count, measure } from '../../../format/number.ts'
import { duration } from '../../../format/time.ts'
import { useProject } from '../../../shell/project-context.tsx'
import classes from './charts.module.css'
import type { ChartSettings } from './use-chart-settings.ts'

export interface ChartCurve {
  run: string
  key: string
  name: string
  colour?: string | undefined
}

/** points of all curves of a chart together, and of one */
const most = { together: 30_000, each: 1500, least: 60 }
const live = 2500
/** with more lines, what smoothing was made from only makes a fog */
const mostFaint = 6

/** Curves of runs over step, time or wall clock. Drawing over a range zooms into it, and its points are fetched finer. */
export function MetricChart({
  curves,
  settings,
  label,
  height = 220,
  going,
}: {
  curves: readonly ChartCurve[]
  settings: ChartSettings
  label: string
  height?: number
  /** a run is not finished: it is looked at again and again */
  going: boolean
}) {
  const project = useProject()
  const { series: palette } = useChartColours()
  const { by, smoothing, scale: vertical, range, zoom } = settings
  const log = vertical === 'log'
  const asked = useMemo(() => curves.map(({ run, key }) => ({ run, key })), [curves])
  const scale = by === 'time' ? 1000 : 1
  const query = useQuery({
    ...curvesQuery(project, asked, {
      axis: by === 'step' ? 'step' : by === 'time' ? 'elapsed' : 'time',
      ...(range ? { from: range[0] * scale, to: range[1] * scale } : {}),
      points: Math.round(Math.max(most.least, Math.min(most.each, most.together / Math.max(1, curves.length)))),
    }),
    placeholderData: (before) => before,
    refetchInterval: going ? live : false,
  })
  const items = query.data?.items
  const drawn = useMemo(() => {
    if (!items) return undefined
    const { x, lines } = alignCurves(items, by)
    const shown = log ? lines.map(positiveOnly) : lines
    const series: Series[] = []
    const faint = smoothing > 0 && curves.length <= mostFaint
    for (const [i, { name, colour }] of curves.entries()) {
      const line = shown[i]
      if (!line) continue
      series.push({
        name,
        colour: colour ?? palette[i % palette.length],
        y: smoothing > 0 ? smoothLine(line, smoothing) : line,
      })
    }
    if (faint)
      for (const [i, { name, colour }] of curves.entries())
        if (shown[i])
          series.push({
            name: `${name} as logged`,
            colour: colour ?? palette[i % palette.length],
            y: shown[i],
            faint: true,
          })
    return { x, series, yRange: vertical === 'usual' ? usualRange(shown) : undefined }
  }, [items, by, log, vertical, smoothing, curves, palette])

  if (query.error && !items) return <Failure error={query.error} retry={() => void query.refetch()} />
  if (!drawn) return <div className={classes.waiting} style={{ height }} aria-busy="true" />
  const total = items!.reduce((sum, one) => sum + one.total, 0)
  const within = items!.reduce((sum, one) => sum + one.within, 0)
  const points = items!.reduce((sum, one) => sum + one.points.length, 0)
  const gaps = items!.some((one) => one.points.some(({ value }) => value === null))
  return (
    <div className={classes.chart} data-stale={query.isPlaceholderData || undefined}>
      {drawn.x.length === 0 ? (
        <div className={classes.none} style={{ height }}>
          {range ? 'No point in this range' : total === 0 ? 'Nothing was logged' : 'No number to draw'}
        </div>
      ) : total === 1 ? (
        <div className={classes.once}>
          {measure(
            drawn.series[0]?.y.find((value) => value != null),
            6,
          )}{' '}
          <small>logged once</small>
        </div>
      ) : (
        <LinePlot
          label={label}
          x={drawn.x}
          series={drawn.series}
          time={by === 'wall'}
          log={log}
          yRange={drawn.yRange}
          height={height}
          xLabel={by === 'step' ? 'step' : 'after'}
          {...(by === 'time' ? { xFormat: (value: number) => duration(value * 1000) } : {})}
          onZoom={(from, to) => zoom([from, to])}
          onReset={() => zoom(undefined)}
        />
      )}
      <div className={classes.foot}>
        <span
          title={
            points < within
              ? 'Of each stretch its first, lowest, highest and last point are drawn. Zoom in to see every point.'
              : 'Every point is drawn.'
          }
        >
          {points < within
            ? `${count(points)} of ${count(within)} points`
            : `${count(within)} ${within === 1 ? 'point' : 'points'}`}
          {range && total > within ? `, ${count(total)} in all` : ''}
        </span>
        {gaps && <span title="A value that is not a number breaks the line">gaps: NaN</span>}
        {range && (
          <button type="button" className={classes.link} onClick={() => zoom(undefined)}>
            {by === 'wall' ? 'Show all' : `${measure(range[0], 6)} – ${measure(range[1], 6)}: show all`}
          </button>
        )}
      </div>
    </div>
  )
}
