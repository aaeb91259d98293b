import { Button } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { Link, useLocation } from 'wouter'
import { ApiError } from '../../api/client.ts'
import { tracesQuery } from '../../api/traces.ts'
import { experimentsQuery } from '../../api/tracking.ts'
import type { TraceSummary } from '../../api/types.ts'
import { Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { Failure } from '../../components/failure.tsx'
import { FilterField } from '../../components/filter-field.tsx'
import { Page } from '../../components/page.tsx'
import { Lines } from '../../components/page-skeleton.tsx'
import { Panel } from '../../components/panel.tsx'
import { Time } from '../../components/time.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { type VirtualColumn, VirtualTable } from '../../components/virtual-table.tsx'
import { count } from '../../format/number.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { FilterError } from '../runs/filter/run-filter.tsx'
import { pythonSnippet } from './python-snippet.ts'
import { traceFilter, traceOrder } from './trace-query.ts'
import { TraceState, traceDuration } from './trace-state.tsx'
import classes from './traces.module.css'

const newest = '-timestamp'

export default function TracesPage() {
  const project = useProject()
  const to = useProjectPath()
  const [, go] = useLocation()
  const [text, setText] = useQueryState('filter')
  const [experiment, setExperiment] = useQueryState('experiment')
  const [state, setState] = useQueryState('state')
  const [sorted, setSorted] = useQueryState('sort', newest)
  const experiments = useQuery(experimentsQuery(project))
  const filter = useMemo(() => {
    const asked = traceFilter(text)
    const condition = state && `status = '${state}'`
    return {
      filter: asked && condition ? `(${asked}) AND ${condition}` : asked || condition || undefined,
      experiment: experiment || undefined,
      order: traceOrder(sorted),
    }
  }, [text, state, experiment, sorted])
  const traces = useInfiniteQuery(tracesQuery(project, filter))
  const rows = useMemo(() => traces.data?.pages.flatMap((page) => page.items) ?? [], [traces.data])
  const total = traces.data?.pages[0]?.total ?? 0
  const filtered = Boolean(text || experiment || state)
  const wrong = traces.error instanceof ApiError && traces.error.code === 'filter_invalid' ? traces.error : undefined
  const columns = useMemo(() => traceColumns(to), [to])
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = traces
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])

  return (
    <Page
      title="Traces"
      actions={
        <>
          <Select
            label="Experiment"
            value={experiment}
            onChange={setExperiment}
            options={[
              { value: '', text: 'all' },
              ...(experiments.data?.items ?? []).map(({ id, name }) => ({ value: id, text: name })),
            ]}
          />
          <Select
            label="State"
            value={state}
            onChange={setState}
            options={[
              { value: '', text: 'all' },
              { value: 'OK', text: 'ok' },
              { value: 'ERROR', text: 'error' },
              { value: 'IN_PROGRESS', text: 'in progress' },
            ]}
          />
        </>
      }
    >
      <Panel
        flush
        filter={<FilterField value={text} onChange={setText} placeholder="Words, or span.type = 'LLM' AND …" />}
        note={
          traces.error ? null : (
            <span role="status" aria-label="How many traces">
              {count(total)} {filtered ? 'found' : total === 1 ? 'trace' : 'traces'}
            </span>
          )
        }
      >
        {wrong && <FilterError filter={filter.filter ?? ''} error={wrong} />}
        {traces.error && !wrong ? (
          <Failure error={traces.error} retry={() => void traces.refetch()} />
        ) : traces.isPending ? (
          <Lines count={8} />
        ) : rows.length === 0 && !wrong ? (
          <Empty
            title={filtered ? 'No trace fits' : 'No trace yet'}
            icon="trace"
            command={filtered ? undefined : pythonSnippet(location.origin, project)}
          >
            {filtered ? (
              <Button variant="default" onClick={() => go(location.pathname)}>
                Show all traces
              </Button>
            ) : (
              <>
                Point MLflow's client here, or any exporter of OpenTelemetry at{' '}
                <code>{`${location.origin}/mlflow/${project}/v1/traces`}</code> with the header{' '}
                <code>x-mlflow-experiment-id</code>.
              </>
            )}
          </Empty>
        ) : (
          <VirtualTable
            label="Traces"
            rows={rows}
            columns={columns}
            rowKey={(row) => row.id}
            href={(row) => to('traces', row.id)}
            sorted={sorted}
            onSort={setSorted}
            onEnd={more}
            minWidth={900}
          />
        )}
      </Panel>
    </Page>
  )
}

const traceColumns = (to: ReturnType<typeof useProjectPath>): VirtualColumn<TraceSummary>[] => [
  {
    key: 'name',
    head: 'Name',
    width: 'minmax(140px, 0.8fr)',
    sort: 'name',
    cell: (row) => (
      <Link href={to('traces', row.id)} title={row.id}>
        {row.name ?? row.id}
      </Link>
    ),
  },
  { key: 'state', head: 'State', width: '100px', sort: 'status', cell: (row) => <TraceState state={row.state} /> },
  { key: 'request', head: 'Request', width: 'minmax(140px, 1.2fr)', cell: (row) => row.request },
  { key: 'response', head: 'Response', width: 'minmax(140px, 1.2fr)', cell: (row) => row.response },
  {
    key: 'marks',
    head: 'Tags and feedback',
    width: 'minmax(120px, 0.8fr)',
    cell: (row) => <Marks trace={row} />,
  },
  {
    key: 'duration',
    head: 'Took',
    width: '90px',
    right: true,
    sort: 'execution_time',
    cell: traceDuration,
  },
  { key: 'time', head: 'Began', width: '100px', right: true, sort: 'timestamp', cell: (row) => <Time at={row.time} /> },
]

function Marks({ trace }: { trace: TraceSummary }) {
  const said = trace.assessments
    .filter(({ valid, kind }) => valid && kind === 'feedback')
    .map((one) => [one.name, one.error ?? one.value] as const)
  return (
    <span className={classes.marks}>
      {[...said, ...Object.entries(trace.tags)].map(([key, value]) => (
        <span key={key}>
          {key} <b>{typeof value === 'string' ? value : JSON.stringify(value)}</b>
        </span>
      ))}
    </span>
  )
}
