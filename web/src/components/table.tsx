import type { ReactNode } from 'react'
import { useLocation } from 'wouter'
import classes from './table.module.css'

export interface Column<Row> {
  key: string
  head: ReactNode
  cell(row: Row): ReactNode
  /** numbers stand to the right */
  right?: boolean
  width?: string | number
  title?: string
}

/** A table of a few dozen rows; for more see `VirtualTable`. A row with `href` can be clicked as a whole. */
export function Table<Row>({
  rows,
  columns,
  rowKey,
  href,
  selected,
}: {
  rows: readonly Row[]
  columns: Column<Row>[]
  rowKey(row: Row): string | number
  href?: (row: Row) => string | undefined
  selected?: (row: Row) => boolean
}) {
  const [, go] = useLocation()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls by keyboard
    <div className={classes.scroll} tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.key}
                data-right={column.right || undefined}
                style={{ width: column.width }}
                title={column.title}
              >
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const target = href?.(row)
            return (
              <tr
                key={rowKey(row)}
                data-link={target ? true : undefined}
                data-selected={selected?.(row) || undefined}
                onClick={(event) => {
                  if (target && !(event.target as HTMLElement).closest('a, button, input')) go(target)
                }}
              >
                {columns.map((column) => (
                  <td key={column.key} data-right={column.right || undefined}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
