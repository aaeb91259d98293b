import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { experimentsQuery, runsQuery } from '../../api/tracking.ts'
import { Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { Failure } from '../../components/failure.tsx'
import { FilterField } from '../../components/filter-field.tsx'
import { Page } from '../../components/page.tsx'
import { Lines } from '../../components/page-skeleton.tsx'
import { Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { VirtualTable } from '../../components/virtual-table.tsx'
import { count } from '../../format/number.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { MetricPanel } from './metric-panel.tsx'
import { runColumns } from './run-columns.tsx'
import { runFilter, runOrder } from './run-query.ts'

const maxCompared = 8

export default function RunsPage() {
  const project = useProject()
  const to = useProjectPath()
  const [filter, setFilter] = useQueryState('filter')
  const [experiment, setExperiment] = useQueryState('experiment')
  const [sorted, setSorted] = useQueryState('sort', '-start_time')
  const [compare, setCompare] = useQueryState('compare')
  const experiments = useQuery(experimentsQuery(project))
  const runs = useInfiniteQuery(
    runsQuery(project, { filter: runFilter(filter), experiment: experiment || undefined, order: runOrder(sorted) }),
  )

  const compared = useMemo(() => compare.split(',').filter(Boolean), [compare])
  const rows = useMemo(() => runs.data?.pages.flatMap((page) => page.items) ?? [], [runs.data])
  const found = useMemo(() => {
    const all = (part: 'params' | 'metrics') =>
      [...new Set(runs.data?.pages.flatMap((page) => page.columns[part]))].sort()
    return { params: all('params'), metrics: all('metrics') }
  }, [runs.data])
  const more = useCallback(() => {
    if (runs.hasNextPage && !runs.isFetchingNextPage) void runs.fetchNextPage()
  }, [runs.hasNextPage, runs.isFetchingNextPage, runs.fetchNextPage])
  const toggle = (id: string) =>
    setCompare(
      (compared.includes(id) ? compared.filter((one) => one !== id) : [...compared, id].slice(-maxCompared)).join(','),
    )
  const filtered = Boolean(filter || experiment)

  return (
    <Page
      title="Runs"
      lead="What was tried: parameters, metrics and what came out, logged by any MLflow client or by a pipeline."
    >
      {compared.length > 0 && (
        <MetricPanel
          runs={rows.filter((run) => compared.includes(run.id))}
          metrics={found.metrics}
          onClear={() => setCompare('')}
        />
      )}
      <Panel
        flush
        filter={
          <FilterField
            value={filter}
            onChange={setFilter}
            placeholder="Name, or metrics.auc > 0.7 OR params.kind = 'tree'"
          />
        }
        note={runs.data && `${count(runs.data.pages[0]?.total)} ${filtered ? 'found' : 'runs'}`}
        actions={
          <Select
            label="Experiment"
            value={experiment}
            onChange={setExperiment}
            options={[
              { value: '', text: 'all' },
              ...(experiments.data?.items ?? []).map(({ id, name, runs: number }) => ({
                value: id,
                text: `${name} (${number})`,
              })),
            ]}
          />
        }
      >
        {runs.error ? (
          <Failure error={runs.error} retry={() => void runs.refetch()} />
        ) : runs.isPending ? (
          <Lines count={8} />
        ) : rows.length === 0 ? (
          <Empty
            title={filtered ? 'No run fits' : 'No run yet'}
            icon="runs"
            command={filtered ? undefined : `export MLFLOW_TRACKING_URI=${location.origin}/mlflow/${project}`}
          >
            {filtered ? (
              'Take a condition out of the filter, or choose all experiments.'
            ) : (
              <>
                Point MLflow's client here and log as usual, or start a pipeline: its steps log into runs by themselves.
              </>
            )}
          </Empty>
        ) : (
          <VirtualTable
            label="Runs"
            rows={rows}
            columns={runColumns(found, compared, toggle, to)}
            rowKey={(run) => run.id}
            href={(run) => to('runs', run.id)}
            selected={(run) => compared.includes(run.id)}
            sorted={sorted}
            onSort={setSorted}
            onEnd={more}
            minWidth={560 + 104 * (found.metrics.length + found.params.length)}
          />
        )}
      </Panel>
    </Page>
  )
}
