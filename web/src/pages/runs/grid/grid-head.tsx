// biome-ignore-all lint/a11y/useSemanticElements: placed by hand, see grid.tsx
// biome-ignore-all lint/a11y/useFocusableInteractive: the buttons in it take the focus
import { type DragEvent, useState } from 'react'
import { Icon } from '../../../components/icon.tsx'
import classes from './grid.module.css'
import type { GridColumn, GridProps } from './grid.tsx'
import type { Placed } from './grid-row.tsx'

const dragType = 'text/x-kedge-column'

/** The heads: a click sorts, dragging moves a column, the dots (or the right button) open its menu. */
export function GridHead<Row>({
  pinned,
  shown,
  sorted,
  onSort,
  onMove,
  onMenu,
}: GridProps<Row> & { pinned: GridColumn<Row>[]; shown: Placed<Row>[] }) {
  const [over, setOver] = useState<string>()
  const head = (column: GridColumn<Row>, left?: number) => {
    const direction =
      column.sort && (sorted === column.sort ? 'ascending' : sorted === `-${column.sort}` ? 'descending' : undefined)
    const movable = column.movable && onMove
    return (
      <div
        key={column.key}
        role="columnheader"
        aria-sort={direction || undefined}
        className={left === undefined ? classes.headCell : `${classes.headCell} ${classes.floating}`}
        style={left === undefined ? { width: column.width } : { width: column.width, left }}
        title={column.title}
        data-right={column.right || undefined}
        data-over={over === column.key || undefined}
        draggable={movable ? true : undefined}
        onDragStart={(event: DragEvent) => {
          event.dataTransfer.setData(dragType, column.key)
          event.dataTransfer.effectAllowed = 'move'
        }}
        onDragOver={(event: DragEvent) => {
          if (!movable || !event.dataTransfer.types.includes(dragType)) return
          event.preventDefault()
          setOver(column.key)
        }}
        onDragLeave={() => setOver(undefined)}
        onDrop={(event: DragEvent) => {
          setOver(undefined)
          if (movable) onMove(event.dataTransfer.getData(dragType), column.key)
        }}
        onContextMenu={(event) => {
          if (!column.movable || !onMenu) return
          event.preventDefault()
          onMenu(column.key, event.currentTarget.getBoundingClientRect())
        }}
      >
        {column.sort && onSort ? (
          <button type="button" onClick={() => onSort(direction === 'descending' ? column.sort! : `-${column.sort}`)}>
            <span className="clip">{column.head}</span>
            {direction && (
              <span data-up={direction === 'ascending' || undefined}>
                <Icon name="down" size={11} />
              </span>
            )}
          </button>
        ) : (
          <span className="clip">{column.head}</span>
        )}
        {column.movable && onMenu && (
          <button
            type="button"
            className={classes.more}
            aria-label={`Column ${column.title ?? column.key}`}
            onClick={(event) => onMenu(column.key, event.currentTarget.getBoundingClientRect())}
          >
            <Icon name="down" size={11} />
          </button>
        )}
      </div>
    )
  }
  return (
    <div className={classes.head} role="row">
      <div className={classes.pinned} data-edge={shown.length > 0 || undefined}>
        {pinned.map((column) => head(column))}
      </div>
      {shown.map(({ column, left }) => head(column, left))}
    </div>
  )
}
