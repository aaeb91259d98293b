import type { Alert } from '../../api/types.ts'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Time } from '../../components/time.tsx'
import { count } from '../../format/number.ts'
import { date } from '../../format/time.ts'
import { useProjectPath } from '../../shell/project-context.tsx'

export function AlertsTable({ alerts }: { alerts: Alert[] }) {
  const to = useProjectPath()
  return <Table rows={alerts} columns={columns} rowKey={(one) => one.id} href={(one) => to('alerts', one.id)} />
}

const columns: Column<Alert>[] = [
  { key: 'id', head: 'Alert', cell: (one) => <b>{one.id}</b> },
  { key: 'state', head: 'State', cell: (one) => <StateBadge state={one.state} hint={one.reason} /> },
  { key: 'family', head: 'Family', cell: (one) => one.family },
  { key: 'endpoint', head: 'Endpoint', cell: (one) => `${one.endpoint}, revision ${one.revision}` },
  {
    key: 'windows',
    head: 'Windows until',
    cell: (one) => (
      <span className="number">
        {one.firstWindowEnd === one.lastWindowEnd
          ? date(one.firstWindowEnd)
          : `${date(one.firstWindowEnd)} – ${date(one.lastWindowEnd)}`}
      </span>
    ),
  },
  { key: 'violations', head: 'Violations', right: true, cell: (one) => count(one.violations.length) },
  {
    key: 'cause',
    head: 'Likely cause',
    cell: (one) =>
      one.causes[0] ? (
        <span title={one.causes[0].reason}>{`${one.causes[0].kind} ${one.causes[0].what}`}</span>
      ) : (
        <span className="muted">none found</span>
      ),
  },
  { key: 'opened', head: 'Opened', cell: (one) => <Time at={one.openedAt} /> },
]
