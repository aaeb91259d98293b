import { useElementSize } from '@mantine/hooks'
import { useState } from 'react'
import { useChartColours } from '../../../charts/chart-colours.ts'
import { measure } from '../../../format/number.ts'
import classes from './compare.module.css'
import { type Dimension, placeOn, ticksOf } from './dimension.ts'
import { rampColour } from './run-colours.ts'

const height = 420
const edge = { left: 84, right: 26, top: 16, bottom: 46 }

/** Runs as points over two params or metrics, coloured by a third; a click opens the run. */
export function ScatterPlot({
  x,
  y,
  colourBy,
  names,
  onOpen,
}: {
  x: Dimension
  y: Dimension
  colourBy: Dimension | undefined
  names: string[]
  onOpen(run: number): void
}) {
  const { ref, width } = useElementSize<HTMLDivElement>()
  const colours = useChartColours()
  const [hovered, setHovered] = useState<number>()
  const xOf = (place: number) => edge.left + (0.02 + place * 0.96) * (width - edge.left - edge.right)
  const yOf = (place: number) => edge.top + (1 - 0.02 - place * 0.96) * (height - edge.top - edge.bottom)
  const points = names.flatMap((name, run) => {
    const [px, py] = [placeOn(x, x.values[run] ?? null), placeOn(y, y.values[run] ?? null)]
    if (px === undefined || py === undefined) return []
    const shade = colourBy && placeOn(colourBy, colourBy.values[run] ?? null)
    return [{ name, run, x: xOf(px), y: yOf(py), colour: shade === undefined ? colours.accent : rampColour(shade) }]
  })
  const left = names.length - points.length
  const at = points.find(({ run }) => run === hovered)
  const say = (dimension: Dimension, run: number) => {
    const value = dimension.values[run]
    return `${dimension.key} ${value === null || value === undefined ? 'none' : typeof value === 'number' ? measure(value) : value}`
  }
  return (
    <div ref={ref} className={classes.parallel} style={{ height }}>
      <svg width={width} height={height} role="img" aria-label={`${y.key} against ${x.key} of ${points.length} runs`}>
        {ticksOf(x).map(({ place, value }) => (
          <g key={place}>
            <line
              x1={xOf(place)}
              x2={xOf(place)}
              y1={edge.top}
              y2={height - edge.bottom}
              className={classes.gridLine}
            />
            <text x={xOf(place)} y={height - edge.bottom + 16} textAnchor="middle" className={classes.tick}>
              {typeof value === 'number' ? measure(value, 3) : value.slice(0, 14)}
            </text>
          </g>
        ))}
        {ticksOf(y).map(({ place, value }) => (
          <g key={place}>
            <line x1={edge.left} x2={width - edge.right} y1={yOf(place)} y2={yOf(place)} className={classes.gridLine} />
            <text x={edge.left - 8} y={yOf(place) + 3.5} textAnchor="end" className={classes.tick}>
              {typeof value === 'number' ? measure(value, 3) : value.slice(0, 12)}
            </text>
          </g>
        ))}
        <text x={(edge.left + width - edge.right) / 2} y={height - 8} textAnchor="middle" className={classes.axisName}>
          {x.key}
          {x.scale === 'log' ? ' (log)' : ''}
        </text>
        <text
          transform={`translate(14 ${(edge.top + height - edge.bottom) / 2}) rotate(-90)`}
          textAnchor="middle"
          className={classes.axisName}
        >
          {y.key}
          {y.scale === 'log' ? ' (log)' : ''}
        </text>
        {points.map((point) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: every run is a link in the table of differences
          <circle
            key={point.run}
            cx={point.x}
            cy={point.y}
            r={point.run === hovered ? 7 : 5}
            fill={point.colour}
            className={classes.point}
            onPointerEnter={() => setHovered(point.run)}
            onPointerLeave={() => setHovered(undefined)}
            onClick={() => onOpen(point.run)}
          />
        ))}
      </svg>
      {at && (
        <div
          className={classes.tip}
          style={at.x > width / 2 ? { right: width - at.x + 12, top: at.y } : { left: at.x + 12, top: at.y }}
        >
          <b>{at.name}</b>
          <div>{say(x, at.run)}</div>
          <div>{say(y, at.run)}</div>
          {colourBy && <div>{say(colourBy, at.run)}</div>}
        </div>
      )}
      {left > 0 && (
        <div className={classes.left}>
          {left} {left === 1 ? 'run has' : 'runs have'} not both
        </div>
      )}
    </div>
  )
}
