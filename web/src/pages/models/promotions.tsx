import { Link } from 'wouter'
import type { Promotion } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Panel } from '../../components/panel.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Time } from '../../components/time.tsx'
import { useProjectPath } from '../../shell/project-context.tsx'
import { AliasBadge } from './alias-badge.tsx'

/** Every move of an alias: from where to where, by whom, why. */
export function Promotions({ items }: { items: Promotion[] }) {
  const to = useProjectPath()
  const version = (one: Promotion, value: number | null) =>
    value === null ? <span className="muted">none</span> : <Link href={to('models', one.model, value)}>{value}</Link>
  const columns: Column<Promotion>[] = [
    { key: 'time', head: 'When', cell: (one) => <Time at={one.time} /> },
    { key: 'alias', head: 'Alias', cell: (one) => <AliasBadge alias={one.alias} /> },
    {
      key: 'move',
      head: 'Version',
      cell: (one) => (
        <>
          {version(one, one.from)} → {version(one, one.to)}
        </>
      ),
    },
    { key: 'reason', head: 'Why', cell: (one) => one.reason },
    { key: 'actor', head: 'By', cell: (one) => <span className="muted">{one.actor}</span> },
  ]
  return (
    <Panel flush>
      {items.length === 0 ? (
        <Empty title="No alias was moved yet" compact>
          The champion moves when a release ends with all callers on the new version.
        </Empty>
      ) : (
        <Table rows={items} columns={columns} rowKey={(one) => one.id} />
      )}
    </Panel>
  )
}
