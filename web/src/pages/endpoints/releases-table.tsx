import { Link } from 'wouter'
import type { Release } from '../../api/types.ts'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Time } from '../../components/time.tsx'
import { count } from '../../format/number.ts'
import { duration } from '../../format/time.ts'
import { useProjectPath } from '../../shell/project-context.tsx'

export function ReleasesTable({ releases }: { releases: Release[] }) {
  const to = useProjectPath()
  const columns: Column<Release>[] = [
    { key: 'id', head: 'Release', cell: (one) => <b>{one.id}</b> },
    { key: 'state', head: 'State', cell: (one) => <StateBadge state={one.state} /> },
    {
      key: 'version',
      head: 'Version',
      cell: (one) => <Link href={to('models', one.model, one.version)}>{`${one.model} ${one.version}`}</Link>,
    },
    { key: 'revision', head: 'Revision', cell: (one) => `${one.baseline ?? 'none'} → ${one.revision}` },
    {
      key: 'stages',
      head: 'Stages',
      cell: (one) =>
        one.stages.map((stage) => `${stage.stage}${stage.stage === 'canary' ? ` ${stage.percent} %` : ''}`).join(' → '),
    },
    {
      key: 'predictions',
      head: 'Predictions',
      right: true,
      cell: (one) => count(one.stages.reduce((sum, stage) => sum + stage.predictions, 0)),
    },
    { key: 'reason', head: 'Why it ended', cell: (one) => <span className="muted">{one.reason}</span> },
    {
      key: 'took',
      head: 'Took',
      right: true,
      cell: (one) => (one.finishedAt === null ? '–' : duration(one.finishedAt - one.startedAt)),
    },
    { key: 'started', head: 'Started', cell: (one) => <Time at={one.startedAt} /> },
  ]
  return <Table rows={releases} columns={columns} rowKey={(one) => one.id} />
}
