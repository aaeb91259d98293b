import type { PipelineRun } from '../../api/types.ts'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Time } from '../../components/time.tsx'
import { date, duration } from '../../format/time.ts'
import { useProjectPath } from '../../shell/project-context.tsx'
import { StepStrip } from './step-strip.tsx'

export function PipelineRunsTable({ runs }: { runs: PipelineRun[] }) {
  const to = useProjectPath()
  return <Table rows={runs} columns={columns} rowKey={(run) => run.id} href={(run) => to('pipeline-runs', run.id)} />
}

const columns: Column<PipelineRun>[] = [
  { key: 'id', head: 'Run', cell: (run) => <b>{run.id}</b> },
  { key: 'pipeline', head: 'Pipeline', cell: (run) => run.pipeline },
  { key: 'state', head: 'State', cell: (run) => <StateBadge state={run.state} hint={run.error?.message} /> },
  { key: 'steps', head: 'Steps', cell: (run) => <StepStrip steps={run.steps} /> },
  {
    key: 'asOf',
    head: 'As of',
    title: 'windows of inputs end here (event time)',
    cell: (run) => <span className="number">{run.asOf === null ? '–' : date(run.asOf)}</span>,
  },
  {
    key: 'took',
    head: 'Took',
    right: true,
    cell: (run) => (run.startedAt && run.finishedAt ? duration(run.finishedAt - run.startedAt) : '–'),
  },
  { key: 'actor', head: 'Started by', cell: (run) => <span className="muted">{run.actor}</span> },
  { key: 'created', head: 'When', cell: (run) => <Time at={run.createdAt} /> },
]
