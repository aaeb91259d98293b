import { useElementSize } from '@mantine/hooks'
import { type PointerEvent, useEffect, useMemo, useRef, useState } from 'react'
import { useChartColours } from '../../../charts/chart-colours.ts'
import { measure } from '../../../format/number.ts'
import classes from './compare.module.css'
import { type Brushes, type Dimension, placeOn, ticksOf, withinBrushes } from './dimension.ts'
import { rampColour } from './run-colours.ts'

const height = 400
const top = 46
const bottom = 26
const side = 70
/** below the axis stand the runs that have no value */
const nowhere = -0.055
/** pixels within which a line is pointed at */
const near = 7

/** Each run as a line over the axes. Drawing over an axis keeps the runs within; a click on a line opens its run. */
export function ParallelCoordinates({
  axes,
  names,
  colourBy,
  brushes,
  onBrush,
  onOpen,
}: {
  axes: Dimension[]
  names: string[]
  colourBy: Dimension | undefined
  brushes: Brushes
  onBrush(brushes: Brushes): void
  onOpen(run: number): void
}) {
  const { ref, width } = useElementSize<HTMLDivElement>()
  const canvas = useRef<HTMLCanvasElement>(null)
  const colours = useChartColours()
  const [hovered, setHovered] = useState<{ run: number; x: number; y: number }>()
  const [drawing, setDrawing] = useState<{ axis: number; from: number; to: number }>()
  const inner = height - top - bottom
  const xOf = (axis: number) => (axes.length < 2 ? width / 2 : side + (axis * (width - 2 * side)) / (axes.length - 1))
  const yOf = (place: number) => top + (1 - place) * inner

  const places = useMemo(
    () => names.map((_, run) => axes.map((axis) => placeOn(axis, axis.values[run] ?? null) ?? nowhere)),
    [axes, names],
  )
  const shown = useMemo(() => withinBrushes(axes, brushes, names.length), [axes, brushes, names.length])
  const paint = useMemo(
    () =>
      names.map((_, run) => {
        const place = colourBy && placeOn(colourBy, colourBy.values[run] ?? null)
        return place === undefined ? colours.reference : rampColour(place)
      }),
    [names, colourBy, colours],
  )

  // biome-ignore lint/correctness/useExhaustiveDependencies: xOf and yOf follow from the width and the axes
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context || width === 0) return
    canvas.current!.width = width * devicePixelRatio
    canvas.current!.height = height * devicePixelRatio
    context.scale(devicePixelRatio, devicePixelRatio)
    context.clearRect(0, 0, width, height)
    context.lineJoin = 'round'
    const draw = (run: number) => {
      context.beginPath()
      const row = places[run]!
      context.moveTo(xOf(0), yOf(row[0]!))
      for (let axis = 1; axis < row.length; axis++) {
        const middle = (xOf(axis - 1) + xOf(axis)) / 2
        context.bezierCurveTo(middle, yOf(row[axis - 1]!), middle, yOf(row[axis]!), xOf(axis), yOf(row[axis]!))
      }
      context.stroke()
    }
    context.lineWidth = 1
    context.strokeStyle = colours.line
    context.globalAlpha = 0.7
    for (let run = 0; run < names.length; run++) if (!shown[run]) draw(run)
    context.globalAlpha = hovered ? 0.25 : Math.max(0.35, Math.min(0.9, 40 / names.length))
    context.lineWidth = 1.4
    for (let run = 0; run < names.length; run++)
      if (shown[run] && run !== hovered?.run) {
        context.strokeStyle = paint[run]!
        draw(run)
      }
    if (hovered) {
      context.globalAlpha = 1
      context.lineWidth = 3
      context.strokeStyle = paint[hovered.run]!
      draw(hovered.run)
    }
  }, [width, places, shown, paint, colours, hovered])

  const inPicture = (event: PointerEvent) => {
    const box = canvas.current!.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const placeAt = (y: number) => Math.max(-0.1, Math.min(1.02, 1 - (y - top) / inner))
  const lineAt = (x: number, y: number): number | undefined => {
    if (axes.length < 2) return undefined
    const step = (width - 2 * side) / (axes.length - 1)
    const left = Math.max(0, Math.min(axes.length - 2, Math.floor((x - side) / step)))
    const t = bezierTime((x - xOf(left)) / step)
    let best: number | undefined
    let least = near
    for (const [run, row] of places.entries()) {
      if (!shown[run]) continue
      const [a, b] = [yOf(row[left]!), yOf(row[left + 1]!)]
      const curve = a + (b - a) * (3 * t * t - 2 * t * t * t)
      const distance = Math.abs(curve - y)
      if (distance < least) {
        least = distance
        best = run
      }
    }
    return best
  }
  const finish = () => {
    if (!drawing) return
    const [from, to] = [Math.min(drawing.from, drawing.to), Math.max(drawing.from, drawing.to)]
    const next = { ...brushes }
    if (to - from < 0.015) delete next[axes[drawing.axis]!.name]
    else next[axes[drawing.axis]!.name] = [from, to]
    setDrawing(undefined)
    onBrush(next)
  }

  return (
    <div
      ref={ref}
      className={classes.parallel}
      style={{ height }}
      onPointerMove={(event) => {
        const { x, y } = inPicture(event)
        if (drawing) return setDrawing({ ...drawing, to: placeAt(y) })
        const run = lineAt(x, y)
        setHovered(run === undefined ? undefined : { run, x, y })
      }}
      onPointerLeave={() => setHovered(undefined)}
      onPointerUp={finish}
    >
      <canvas
        ref={canvas}
        style={{ width, height, cursor: hovered ? 'pointer' : undefined }}
        role="img"
        aria-label={`${names.length} runs over ${axes.map(({ key }) => key).join(', ')}`}
        onClick={() => hovered && onOpen(hovered.run)}
      />
      <svg width={width} height={height} aria-hidden="true">
        {axes.map((axis, i) => {
          const x = xOf(i)
          const brush =
            drawing?.axis === i
              ? ([Math.min(drawing.from, drawing.to), Math.max(drawing.from, drawing.to)] as const)
              : brushes[axis.name]
          return (
            <g key={axis.name} transform={`translate(${x} 0)`}>
              <text y={16} textAnchor="middle" className={classes.axisName}>
                <title>{`${axis.kind} ${axis.key}${axis.scale === 'log' ? ', by its logarithm' : ''}`}</title>
                {axis.key.length > 18 ? `${axis.key.slice(0, 17)}…` : axis.key}
              </text>
              <text y={30} textAnchor="middle" className={classes.axisKind}>
                {axis.kind}
                {axis.scale === 'log' ? ', log' : ''}
              </text>
              <line y1={top} y2={top + inner} className={classes.axis} />
              {ticksOf(axis).map(({ place, value }) => (
                <text key={place} x={7} y={yOf(place) + 3.5} className={classes.tick}>
                  {typeof value === 'number' ? measure(value, 3) : value.length > 14 ? `${value.slice(0, 13)}…` : value}
                </text>
              ))}
              {places.some((row) => row[i] === nowhere) && (
                <text x={7} y={yOf(nowhere) + 3.5} className={classes.tick}>
                  none
                </text>
              )}
              {brush && (
                <rect
                  x={-7}
                  width={14}
                  y={yOf(brush[1])}
                  height={Math.max(1, yOf(brush[0]) - yOf(brush[1]))}
                  className={classes.brush}
                />
              )}
              <rect
                x={-14}
                width={28}
                y={top - 10}
                height={inner + 32}
                className={classes.handle}
                onPointerDown={(event) => {
                  event.preventDefault()
                  const place = placeAt(inPicture(event).y)
                  setHovered(undefined)
                  setDrawing({ axis: i, from: place, to: place })
                }}
              />
            </g>
          )
        })}
      </svg>
      {hovered && (
        <div
          className={classes.tip}
          style={
            hovered.x > width / 2
              ? { right: width - hovered.x + 14, top: hovered.y }
              : { left: hovered.x + 14, top: hovered.y }
          }
        >
          <b>{names[hovered.run]}</b>
          {axes.map((axis) => (
            <div key={axis.name}>
              <span>{axis.key}</span>
              {show(axis.values[hovered.run] ?? null)}
            </div>
          ))}
        </div>
      )}
    </div>
  )
}

const show = (value: number | string | null) =>
  value === null ? 'none' : typeof value === 'number' ? measure(value) : value

/** The parameter of the drawn curve at a share of its width: x(t) = 1.5 t (1 − t) (1 − t + t) + t³ has its middle controls at one half. */
function bezierTime(share: number): number {
  let low = 0
  let high = 1
  for (let i = 0; i < 20; i++) {
    const t = (low + high) / 2
    const x = 1.5 * t * (1 - t) + t * t * t
    if (x < share) low = t
    else high = t
  }
  return (low + high) / 2
}
