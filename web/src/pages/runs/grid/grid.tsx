// biome-ignore-all lint/a11y/useSemanticElements: the rows of a virtual grid are placed by hand, which table elements do not allow
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useMemo, useRef } from 'react'
import classes from './grid.module.css'
import { GridHead } from './grid-head.tsx'
import { GridRow } from './grid-row.tsx'
import { type GridSelection, useGridKeys } from './use-grid-keys.ts'

export interface GridColumn<Row> {
  key: string
  head: ReactNode
  /** said when the head is pointed at */
  title?: string
  /** pixels */
  width: number
  pinned?: boolean
  right?: boolean
  /** what a click on the head sorts by */
  sort?: string
  /** may be moved, hidden, pinned */
  movable?: boolean
  cell(row: Row, selected: boolean): ReactNode
  /** the whole value, and what it is, when the cell is pointed at */
  explain?(row: Row): string | undefined
}

export interface GridView {
  firstRow: number
  lastRow: number
  /** keys of the columns in view that are not pinned */
  columns: string[]
}

export interface GridProps<Row> {
  label: string
  rowCount: number
  /** undefined: on its way */
  rowAt(index: number): Row | undefined
  columns: GridColumn<Row>[]
  height: string
  sorted?: string
  onSort?(sorted: string): void
  onMove?(key: string, before: string): void
  onMenu?(key: string, place: DOMRect): void
  /** tells what is in view, so that it can be fetched */
  onView?(view: GridView): void
  onOpen?(row: Row): void
  selection?: GridSelection<Row>
  faded?: (row: Row) => boolean
}

export const rowHeight = 30

/** A table of any length and any width: only the cells in view exist. Arrow keys go through it. */
export function Grid<Row>(props: GridProps<Row>) {
  const { rowCount, rowAt, columns, onView, onOpen, selection, faded } = props
  const frame = useRef<HTMLDivElement>(null)
  const pinned = useMemo(() => columns.filter((column) => column.pinned), [columns])
  const free = useMemo(() => columns.filter((column) => !column.pinned), [columns])
  const pinnedWidth = useMemo(() => pinned.reduce((sum, { width }) => sum + width, 0), [pinned])
  const rows = useVirtualizer({
    count: rowCount,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    paddingStart: 0,
    scrollPaddingStart: 32,
    useFlushSync: false,
  })
  const across = useVirtualizer({
    horizontal: true,
    count: free.length,
    getScrollElement: () => frame.current,
    estimateSize: (index) => free[index]!.width,
    overscan: 3,
    paddingStart: pinnedWidth,
    scrollPaddingStart: pinnedWidth,
    useFlushSync: false,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: other columns have other widths
  useEffect(() => across.measure(), [free])
  const { active, keys } = useGridKeys({ frame, rows, rowCount, rowAt, selection, onOpen })

  const visibleRows = rows.getVirtualItems()
  const visibleColumns = across.getVirtualItems()
  const firstRow = visibleRows[0]?.index ?? 0
  const lastRow = visibleRows.at(-1)?.index ?? 0
  const firstColumn = visibleColumns[0]?.index ?? 0
  const lastColumn = visibleColumns.at(-1)?.index ?? -1
  const width = across.getTotalSize()
  const shown = useMemo(() => {
    let left = pinnedWidth
    for (let i = 0; i < firstColumn; i++) left += free[i]?.width ?? 0
    return free.slice(firstColumn, lastColumn + 1).map((column) => {
      const placed = { column, left }
      left += column.width
      return placed
    })
  }, [free, firstColumn, lastColumn, pinnedWidth])
  useEffect(
    () => onView?.({ firstRow, lastRow, columns: shown.map(({ column }) => column.key) }),
    [onView, firstRow, lastRow, shown],
  )

  return (
    <div
      className={classes.frame}
      style={{ height: props.height }}
      ref={frame}
      role="grid"
      aria-label={props.label}
      aria-rowcount={rowCount}
      aria-colcount={columns.length}
      aria-multiselectable={selection ? true : undefined}
      aria-activedescendant={active === undefined ? undefined : `row-${active}`}
      tabIndex={0}
      onKeyDown={keys}
    >
      <div className={classes.inner} style={{ width, height: rows.getTotalSize() + 32 }}>
        <GridHead {...props} pinned={pinned} shown={shown} />
        <div role="rowgroup" style={{ position: 'relative' }}>
          {visibleRows.map((item) => {
            const row = rowAt(item.index)
            return (
              <GridRow
                key={item.index}
                index={item.index}
                top={item.start}
                row={row}
                pinned={pinned}
                shown={shown}
                selected={row !== undefined && (selection?.has(row) ?? false)}
                active={active === item.index}
                faded={row !== undefined && (faded?.(row) ?? false)}
                onOpen={onOpen}
                onSelect={selection?.click}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}
