import { useElementSize } from '@mantine/hooks'
import { type KeyboardEvent, type MouseEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { type ChartColours, useChartColours } from './chart-colours.ts'
import { drawHeat, type HeatCell } from './draw-heat.ts'
import classes from './heat-map.module.css'

interface Place {
  row: number
  column: number
}

export interface HeatMapProps {
  rows: { key: string; name: string; cells: (HeatCell | undefined)[] }[]
  columns: string[]
  /** which columns have their name written */
  ticks: number[]
  selected?: Place | undefined
  onPick(place: Place): void
  /** what a cell means, when it is pointed at or reached by the keys */
  explain(place: Place): ReactNode
  /** the same in a line, for those who hear it */
  say(place: Place): string
  label: string
}

const rowHeight = 17

/**
 * Rows × windows on one canvas, so that hundreds of rows cost nothing. Arrow keys move, Enter opens. What must be told
 * apart differs in form too: a violation has a dot, what could not be evaluated a cross.
 */
export function HeatMap({ rows, columns, ticks, selected, onPick, explain, say, label }: HeatMapProps) {
  const { ref: frame, width } = useElementSize<HTMLDivElement>()
  const canvas = useRef<HTMLCanvasElement>(null)
  const scroll = useRef<HTMLDivElement>(null)
  const colours = useChartColours()
  const [at, setAt] = useState<Place & { left: number; top: number }>()
  const height = rows.length * rowHeight

  useEffect(() => {
    if (canvas.current && width > 0)
      drawHeat(canvas.current, { rows, columns: columns.length, width, rowHeight, colours })
  }, [rows, columns.length, width, colours])

  const place = (row: number, column: number) => {
    const box = canvas.current!.getBoundingClientRect()
    setAt({
      row,
      column,
      left: box.left + ((column + 0.5) / columns.length) * box.width,
      top: box.top + (row + 1) * rowHeight,
    })
  }
  const pointed = (event: MouseEvent): Place | undefined => {
    const box = canvas.current!.getBoundingClientRect()
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns.length)
    const row = Math.floor((event.clientY - box.top) / rowHeight)
    return rows[row] && column >= 0 && column < columns.length ? { row, column } : undefined
  }
  const key = (event: KeyboardEvent) => {
    const from = at ?? selected ?? { row: 0, column: columns.length }
    const [down, right] = moves[event.key] ?? [0, 0]
    if (event.key === 'Enter' && at) return onPick(at)
    if (event.key === 'Escape') return setAt(undefined)
    if (!moves[event.key]) return
    event.preventDefault()
    const row = Math.min(rows.length - 1, Math.max(0, from.row + (from.column >= columns.length ? 0 : down)))
    const column = Math.min(columns.length - 1, Math.max(0, Math.min(from.column, columns.length) + right))
    const view = scroll.current!
    if (row * rowHeight < view.scrollTop) view.scrollTop = row * rowHeight
    if ((row + 1) * rowHeight > view.scrollTop + view.clientHeight - 20)
      view.scrollTop = (row + 1) * rowHeight - view.clientHeight + 20
    place(row, column)
  }
  const box = (one: Place) => ({
    left: `${(one.column / columns.length) * 100}%`,
    width: `${100 / columns.length}%`,
    top: one.row * rowHeight,
    height: rowHeight - 1,
  })
  return (
    <div>
      <div className={classes.scroll} ref={scroll}>
        <div className={classes.map}>
          <div className={classes.names} aria-hidden="true">
            {rows.map((row) => (
              <span key={row.key} className="clip" title={row.name} style={{ height: rowHeight }}>
                {row.name}
              </span>
            ))}
          </div>
          {/* biome-ignore lint/a11y/useSemanticElements: a canvas that is operated by arrow keys */}
          <div
            ref={frame}
            className={classes.frame}
            style={{ height }}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: as above
            tabIndex={0}
            role="group"
            aria-roledescription="heat map; arrow keys move, Enter opens"
            aria-label={label}
            onKeyDown={key}
            onBlur={() => setAt(undefined)}
            onMouseMove={(event) => {
              const one = pointed(event)
              if (one?.row !== at?.row || one?.column !== at?.column)
                one ? place(one.row, one.column) : setAt(undefined)
            }}
            onMouseLeave={() => setAt(undefined)}
            onClick={(event) => {
              const one = pointed(event)
              if (one) onPick(one)
            }}
          >
            <canvas ref={canvas} style={{ width: '100%', height }} />
            {selected && <span className={classes.selected} style={box(selected)} />}
            {at && <span className={classes.cursor} style={box(at)} />}
            <span className={classes.hidden} aria-live="polite">
              {at && say(at)}
            </span>
          </div>
          <span className={classes.corner} />
          <div className={classes.axis}>
            {ticks.map((column) => (
              <span key={column} style={{ left: `${(column / columns.length) * 100}%` }}>
                {columns[column]}
              </span>
            ))}
          </div>
        </div>
      </div>
      {at && (
        <div className={classes.tip} style={tipPlace(at)}>
          {explain(at)}
        </div>
      )}
      <Key colours={colours} />
    </div>
  )
}

const moves: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [0, -100_000],
  End: [0, 100_000],
  PageUp: [-15, 0],
  PageDown: [15, 0],
}

const tipPlace = ({ left, top }: { left: number; top: number }) => ({
  ...(left > innerWidth / 2 ? { right: innerWidth - left + 14 } : { left: left + 14 }),
  ...(top > innerHeight * 0.6 ? { bottom: innerHeight - top + rowHeight } : { top: top + 4 }),
})

const keys: [string, HeatCell][] = [
  ['as the reference', { heat: 0, state: 'ok' }],
  ['half way', { heat: 0.5, state: 'ok' }],
  ['at the threshold', { heat: 1, state: 'ok' }],
  ['beyond its own', { heat: 1.2, state: 'watch' }],
  ['violation', { heat: 2, state: 'violation' }],
  ['too few samples', { heat: null, state: 'too_few_samples' }],
  ['not evaluated', { heat: null, state: 'failed' }],
]

const Key = ({ colours }: { colours: ChartColours }) => (
  <div className={classes.key}>
    {keys.map(([text, cell]) => (
      <span key={text}>
        <canvas
          width={18}
          height={12}
          ref={(element) => {
            if (element) drawHeat(element, { rows: [{ cells: [cell] }], columns: 1, width: 18, rowHeight: 13, colours })
          }}
        />
        {text}
      </span>
    ))}
  </div>
)
