import type { Rows } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { type VirtualColumn, VirtualTable } from '../../components/virtual-table.tsx'
import { measure } from '../../format/number.ts'
import { date, dateTime } from '../../format/time.ts'

type Row = { index: number; values: unknown[] }

/** Rows of a source or a version as they are, one column each with its type. */
export function RowsTable({ rows, first = 0, head }: { rows: Rows; first?: number; head?: string }) {
  if (rows.rows.length === 0) return <Empty title="No rows" compact />
  const columns: VirtualColumn<Row>[] = [
    { key: '#', head: '#', width: '64px', right: true, cell: (row) => <span className="muted">{row.index + 1}</span> },
    ...rows.columns.map((column, i) => ({
      key: column.name,
      head: (
        <>
          {column.name} <span className="muted">{column.type}</span>
        </>
      ),
      width: `minmax(${column.type === 'time' ? 160 : column.type === 'text' ? 140 : 110}px, 1fr)`,
      right: numeric.test(column.type),
      cell: (row: Row) => <Value value={row.values[i]} type={column.type} />,
    })),
  ]
  return (
    <VirtualTable
      label={head ?? 'Rows'}
      rows={rows.rows.map((values, index) => ({ index: first + index, values }))}
      columns={columns}
      rowKey={(row) => row.index}
      minWidth={64 + rows.columns.length * 130}
    />
  )
}

const numeric = /^(int|float)$/

function Value({ value, type }: { value: unknown; type: string }) {
  if (value === null || value === undefined) return <span className="muted">null</span>
  if (typeof value === 'number' && /^date$/.test(type)) return date(value)
  if (typeof value === 'number' && /time/.test(type)) return dateTime(value)
  if (typeof value === 'number') return measure(value, 6)
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return <span title={text}>{text}</span>
}
