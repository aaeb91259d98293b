// biome-ignore-all lint/a11y/useSemanticElements: placed by hand, see grid.tsx
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus and names its active row
import { type MouseEvent, memo } from 'react'
import classes from './grid.module.css'
import type { GridColumn } from './grid.tsx'

export interface Placed<Row> {
  column: GridColumn<Row>
  left: number
}

interface GridRowProps<Row> {
  index: number
  top: number
  row: Row | undefined
  pinned: GridColumn<Row>[]
  shown: Placed<Row>[]
  selected: boolean
  active: boolean
  faded: boolean
  onOpen: ((row: Row) => void) | undefined
  onSelect: ((row: Row, index: number, event: MouseEvent) => void) | undefined
}

function Row<T>({ index, top, row, pinned, shown, selected, active, faded, onOpen, onSelect }: GridRowProps<T>) {
  const cell = (column: GridColumn<T>, left?: number) => (
    <div
      key={column.key}
      role="gridcell"
      className={left === undefined ? classes.cell : `${classes.cell} ${classes.floating}`}
      style={left === undefined ? { width: column.width } : { width: column.width, left }}
      data-right={column.right || undefined}
      data-tick={column.key === 'select' || undefined}
      title={row && column.explain?.(row)}
    >
      {row ? column.cell(row, selected) : column.pinned && column.key !== 'select' ? '…' : ''}
    </div>
  )
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid takes the keys
    <div
      id={`row-${index}`}
      role="row"
      aria-rowindex={index + 1}
      aria-selected={onSelect ? selected : undefined}
      className={classes.row}
      data-link={onOpen ? true : undefined}
      data-selected={selected || undefined}
      data-active={active || undefined}
      data-faded={faded || undefined}
      style={{ transform: `translateY(${top}px)` }}
      onMouseDown={(event) => {
        // a range of rows, not of text
        if (event.shiftKey) event.preventDefault()
      }}
      onClick={(event) => {
        if (row === undefined) return
        const target = event.target as HTMLElement
        if (onSelect && (event.shiftKey || event.ctrlKey || event.metaKey || target.closest('[data-tick]')))
          onSelect(row, index, event)
        else if (!target.closest('a, button, input, label')) onOpen?.(row)
      }}
    >
      <div className={classes.pinned} data-edge={shown.length > 0 || undefined}>
        {pinned.map((column) => cell(column))}
      </div>
      {shown.map(({ column, left }) => cell(column, left))}
    </div>
  )
}

/** A row is drawn again only when its values, its state or the columns in view are others. */
export const GridRow = memo(Row) as typeof Row
