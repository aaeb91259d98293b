// biome-ignore-all lint/a11y/useSemanticElements: the rows of a virtual table are placed by hand, which table elements do not allow
// biome-ignore-all lint/a11y/useFocusableInteractive: rows and cells are read, not operated; links and buttons inside them take the focus
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useRef } from 'react'
import { useLocation } from 'wouter'
import { Icon } from './icon.tsx'
import classes from './virtual-table.module.css'

export interface VirtualColumn<Row> {
  key: string
  head: ReactNode
  cell(row: Row): ReactNode
  /** CSS grid track, e.g. `120px` or `minmax(160px, 1fr)` */
  width: string
  right?: boolean
  /** clicking the head sorts by this */
  sort?: string
  title?: string
}

export interface VirtualTableProps<Row> {
  rows: readonly Row[]
  columns: VirtualColumn<Row>[]
  rowKey(row: Row): string | number
  href?: (row: Row) => string | undefined
  onRow?: (row: Row) => void
  selected?: (row: Row) => boolean
  /** `key` ascending, `-key` descending */
  sorted?: string
  onSort?(sorted: string): void
  /** called when the end comes near */
  onEnd?(): void
  label: string
  minWidth?: number
}

const rowHeight = 32

/** A table of any length: only the rows in view exist. Arrow keys scroll, the head stays. */
export function VirtualTable<Row>({
  rows,
  columns,
  rowKey,
  href,
  onRow,
  selected,
  sorted,
  onSort,
  onEnd,
  label,
  minWidth,
}: VirtualTableProps<Row>) {
  const frame = useRef<HTMLDivElement>(null)
  const [, go] = useLocation()
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    getItemKey: (index) => rowKey(rows[index]!),
  })
  const visible = virtual.getVirtualItems()
  const last = visible.at(-1)?.index ?? 0
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 20) onEnd?.()
  }, [last, rows.length, onEnd])
  const style = { gridTemplateColumns: columns.map((column) => column.width).join(' '), minWidth }

  return (
    <div
      className={classes.frame}
      data-few={rows.length <= 12 || undefined}
      ref={frame}
      role="table"
      aria-label={label}
      aria-rowcount={rows.length}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keyboard
      tabIndex={0}
    >
      <div className={classes.head} role="row" style={style}>
        {columns.map((column) => {
          const direction =
            column.sort &&
            (sorted === column.sort ? 'ascending' : sorted === `-${column.sort}` ? 'descending' : undefined)
          return (
            <div
              key={column.key}
              role="columnheader"
              aria-sort={direction || undefined}
              data-right={column.right || undefined}
              title={column.title}
            >
              {column.sort && onSort ? (
                <button
                  type="button"
                  onClick={() => onSort(direction === 'descending' ? column.sort! : `-${column.sort}`)}
                >
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
            </div>
          )
        })}
      </div>
      <div className={classes.rows} role="rowgroup" style={{ height: virtual.getTotalSize(), minWidth }}>
        {visible.map((item) => {
          const row = rows[item.index]!
          const target = href?.(row)
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the row's link is the way by keyboard
            <div
              key={item.key}
              role="row"
              aria-rowindex={item.index + 1}
              className={classes.row}
              data-link={target || onRow ? true : undefined}
              data-selected={selected?.(row) || undefined}
              style={{ ...style, transform: `translateY(${item.start}px)`, height: item.size }}
              onClick={(event) => {
                if ((event.target as HTMLElement).closest('a, button, input, label')) return
                if (target) go(target)
                else onRow?.(row)
              }}
            >
              {columns.map((column) => (
                <div key={column.key} role="cell" data-right={column.right || undefined}>
                  {column.cell(row)}
                </div>
              ))}
            </div>
          )
        })}
      </div>
    </div>
  )
}
