import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'wouter'
import { experimentsQuery, runsQuery } from '../../api/tracking.ts'
import type { RunSummary } from '../../api/types.ts'
import { Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { FilterField } from '../../components/filter-field.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Time } from '../../components/time.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { type VirtualColumn, VirtualTable } from '../../components/virtual-table.tsx'
import { measure } from '../../format/number.ts'
import { duration } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { filterRuns, sortRuns } from './filter-runs.ts'
import { MetricPanel } from './metric-panel.tsx'
import classes from './runs.module.css'

const maxCompared = 8

export default function RunsPage() {
  const project = useProject()
  const to = useProjectPath()
  const [filter, setFilter] = useQueryState('filter')
  const [experiment, setExperiment] = useQueryState('experiment')
  const [sorted, setSorted] = useQueryState('sort', '-start')
  const [compare, setCompare] = useQueryState('compare')
  const runs = useQuery(runsQuery(project))
  const experiments = useQuery(experimentsQuery(project))
  const compared = useMemo(() => compare.split(',').filter(Boolean), [compare])
  const shown = useMemo(
    () =>
      sortRuns(
        filterRuns(
          (runs.data?.items ?? []).filter((run) => !experiment || run.experiment === experiment),
          filter,
        ),
        sorted,
      ),
    [runs.data, filter, experiment, sorted],
  )
  const toggle = (id: string) =>
    setCompare(
      (compared.includes(id) ? compared.filter((one) => one !== id) : [...compared, id].slice(-maxCompared)).join(','),
    )

  return (
    <Page
      title="Runs"
      lead="What was tried: parameters, metrics and what came out, logged by any MLflow client or by a pipeline."
    >
      <Load query={runs}>
        {(list) =>
          list.items.length === 0 ? (
            <Panel>
              <Empty
                title="No run yet"
                icon="runs"
                command={`export MLFLOW_TRACKING_URI=${location.origin}/mlflow/${project}`}
              >
                Point MLflow's client here and log as usual, or start a pipeline: its steps log into runs by themselves.
              </Empty>
            </Panel>
          ) : (
            <>
              {compared.length > 0 && (
                <MetricPanel
                  runs={list.items.filter((run) => compared.includes(run.id))}
                  metrics={list.columns.metrics}
                  onClear={() => setCompare('')}
                />
              )}
              <Panel
                flush
                title={
                  <FilterField
                    value={filter}
                    onChange={setFilter}
                    placeholder="Filter: words, metrics.auc > 0.7, params.seed = 1"
                  />
                }
                note={`${shown.length.toLocaleString('en')} of ${(list.total ?? list.items.length).toLocaleString('en')}`}
                actions={
                  <Select
                    label="Experiment"
                    value={experiment}
                    onChange={setExperiment}
                    options={[
                      { value: '', text: 'all' },
                      ...(experiments.data?.items ?? []).map(({ name }) => ({ value: name, text: name })),
                    ]}
                  />
                }
              >
                {shown.length === 0 ? (
                  <Empty title="No run fits" compact>
                    Take a word out of the filter.
                  </Empty>
                ) : (
                  <VirtualTable
                    label="Runs"
                    rows={shown}
                    columns={runColumns(list.columns, compared, toggle, to)}
                    rowKey={(run) => run.id}
                    href={(run) => to('runs', run.id)}
                    selected={(run) => compared.includes(run.id)}
                    sorted={sorted}
                    onSort={setSorted}
                    minWidth={560 + 104 * (list.columns.metrics.length + list.columns.params.length)}
                  />
                )}
              </Panel>
            </>
          )
        }
      </Load>
    </Page>
  )
}

function runColumns(
  found: { params: string[]; metrics: string[] },
  compared: string[],
  toggle: (id: string) => void,
  to: (...segments: (string | number)[]) => string,
): VirtualColumn<RunSummary>[] {
  return [
    {
      key: 'compare',
      head: '',
      title: 'Compare the metrics of the runs that are ticked',
      width: '36px',
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
      sort: 'name',
      cell: (run) => <Link href={to('runs', run.id)}>{run.name}</Link>,
    },
    { key: 'status', head: 'State', width: '92px', sort: 'status', cell: (run) => <StateBadge state={run.status} /> },
    { key: 'start', head: 'Started', width: '92px', sort: 'start', cell: (run) => <Time at={run.startTime} /> },
    {
      key: 'duration',
      head: 'Took',
      width: '82px',
      right: true,
      sort: 'duration',
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
