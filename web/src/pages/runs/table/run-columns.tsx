import { Link } from 'wouter'
import type { RunSummary } from '../../api/types.ts'
import { StateBadge } from '../../components/state-badge.tsx'
import { Time } from '../../components/time.tsx'
import type { VirtualColumn } from '../../components/virtual-table.tsx'
import { measure } from '../../format/number.ts'
import { duration } from '../../format/time.ts'
import classes from './runs.module.css'

type To = (...segments: (string | number)[]) => string

/** Columns of the table of runs: what every run has, then each metric and each param that occurs. */
export function runColumns(
  found: { params: string[]; metrics: string[] },
  compared: string[],
  toggle: (id: string) => void,
  to: To,
): VirtualColumn<RunSummary>[] {
  return [
    {
      key: 'compare',
      head: '',
      title: 'Compare the metrics of the runs that are ticked',
      width: '38px',
      cell: (run) => (
        <input
          className={classes.tick}
          type="checkbox"
          checked={compared.includes(run.id)}
          onChange={() => toggle(run.id)}
          aria-label={`Compare ${run.name}`}
        />
      ),
    },
    {
      key: 'name',
      head: 'Run',
      width: 'minmax(150px, 1fr)',
      sort: 'run_name',
      cell: (run) => <Link href={to('runs', run.id)}>{run.name}</Link>,
    },
    { key: 'status', head: 'State', width: '92px', sort: 'status', cell: (run) => <StateBadge state={run.status} /> },
    { key: 'start', head: 'Started', width: '106px', sort: 'start_time', cell: (run) => <Time at={run.startTime} /> },
    {
      key: 'duration',
      head: 'Took',
      width: '82px',
      right: true,
      cell: (run) => (run.startTime && run.endTime ? duration(run.endTime - run.startTime) : '–'),
    },
    {
      key: 'pipeline',
      head: 'Pipeline run',
      width: '106px',
      cell: (run) =>
        run.pipelineRun === null ? (
          <span className="muted">–</span>
        ) : (
          <Link
            href={`${to('pipeline-runs', run.pipelineRun)}?step=${run.step ?? ''}`}
          >{`${run.pipelineRun} ${run.step ?? ''}`}</Link>
        ),
    },
    ...found.metrics.map((key) => ({
      key: `metric ${key}`,
      head: key,
      title: `metric ${key}, its latest value`,
      width: '104px',
      right: true,
      sort: `metrics.${key}`,
      cell: (run: RunSummary) => measure(run.metrics[key]),
    })),
    ...found.params.map((key) => ({
      key: `param ${key}`,
      head: <span className={classes.param}>{key}</span>,
      title: `param ${key}`,
      width: '104px',
      sort: `params.${key}`,
      cell: (run: RunSummary) => (
        <span title={run.params[key]}>{run.params[key] ?? <span className="muted">–</span>}</span>
      ),
    })),
  ]
}
