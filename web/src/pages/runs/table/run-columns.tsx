import { Link } from 'wouter'
import type { RunSummary } from '../../../api/types.ts'
import { StateBadge } from '../../../components/state-badge.tsx'
import { Time } from '../../../components/time.tsx'
import { measure } from '../../../format/number.ts'
import { dateTime, duration } from '../../../format/time.ts'
import grid from '../grid/grid.module.css'
import type { GridColumn } from '../grid/grid.tsx'
import type { Fact } from './chosen-columns.ts'
import classes from './table.module.css'

/** A run as a row of the table, with the cells that have arrived. */
export interface RunRow {
  run: RunSummary
  /** by field; undefined: on its way */
  value(field: string): string | number | null | undefined
}

type To = (...segments: (string | number)[]) => string

const absent = <span className={grid.absent}>–</span>

const factColumns = (to: To): Record<Fact, Omit<GridColumn<RunRow>, 'key'>> => ({
  status: {
    head: 'State',
    width: 92,
    sort: 'status',
    cell: ({ run }) => <StateBadge state={run.state === 'deleted' ? 'deleted' : run.status} />,
  },
  start: { head: 'Started', width: 104, sort: 'start_time', cell: ({ run }) => <Time at={run.startTime} /> },
  duration: {
    head: 'Took',
    width: 100,
    right: true,
    cell: ({ run }) =>
      run.startTime && run.endTime ? duration(run.endTime - run.startTime) : run.status === 'RUNNING' ? 'runs' : '–',
    explain: ({ run }) => (run.endTime ? `ended ${dateTime(run.endTime)} UTC` : undefined),
  },
  experiment: {
    head: 'Experiment',
    width: 140,
    cell: ({ run }) => run.experiment,
    explain: ({ run }) => run.experiment,
  },
  user: { head: 'User', width: 110, sort: 'user_id', cell: ({ run }) => run.user || absent },
  pipeline: {
    head: 'Pipeline run',
    width: 116,
    cell: ({ run }) =>
      run.pipelineRun === null ? (
        absent
      ) : (
        <Link href={`${to('pipeline-runs', run.pipelineRun)}?step=${run.step ?? ''}`}>
          {run.pipelineRun} {run.step}
        </Link>
      ),
  },
})

const kinds: Record<string, string> = { metrics: 'metric', params: 'param', tags: 'tag' }

function valueColumn(field: string): Omit<GridColumn<RunRow>, 'key'> {
  const [folder = '', key = ''] = [field.slice(0, field.indexOf('.')), field.slice(field.indexOf('.') + 1)]
  const metric = folder === 'metrics'
  return {
    head: metric ? key : <i>{key}</i>,
    title: `${kinds[folder] ?? folder} ${key}`,
    width: Math.max(96, Math.min(190, 44 + key.length * 6.6)),
    right: metric,
    sort: field,
    cell: ({ value }) => {
      const one = value(field)
      if (one === undefined) return ''
      if (one === null) return absent
      return typeof one === 'number' ? measure(one) : one
    },
    explain: ({ value, run }) => {
      const one = value(field)
      return one == null ? undefined : `${key} of ${run.name}: ${one}${metric ? ' (the latest value)' : ''}`
    },
  }
}

/** Columns of the table of runs: the box to choose a run and its name, then what was chosen, the pinned ones first. */
export function runColumns(names: readonly string[], pinned: readonly string[], to: To): GridColumn<RunRow>[] {
  const known = factColumns(to)
  const column = (name: string): GridColumn<RunRow> => ({
    key: name,
    movable: true,
    pinned: pinned.includes(name),
    ...(Object.hasOwn(known, name) ? known[name as Fact] : valueColumn(name)),
  })
  return [
    {
      key: 'select',
      head: '',
      width: 38,
      pinned: true,
      cell: ({ run }, selected) => (
        <input
          className={classes.tick}
          type="checkbox"
          tabIndex={-1}
          checked={selected}
          readOnly
          aria-label={`Select ${run.name}`}
        />
      ),
    },
    {
      key: 'name',
      head: 'Run',
      width: 190,
      pinned: true,
      sort: 'run_name',
      cell: ({ run }) => (
        <Link href={to('runs', run.id)} tabIndex={-1}>
          {run.name}
        </Link>
      ),
      explain: ({ run }) => run.name,
    },
    ...names.filter((name) => pinned.includes(name)).map(column),
    ...names.filter((name) => !pinned.includes(name)).map(column),
  ]
}
