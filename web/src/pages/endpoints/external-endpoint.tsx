import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { monitoringQuery } from '../../api/monitoring.ts'
import type { EndpointDetail, MonitoringOverview } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Facts } from '../../components/facts.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { compact, count, percent } from '../../format/number.ts'
import { date } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { LogIt } from './log-it.tsx'
import { Predictions } from './predictions.tsx'
import { Reports } from './reports.tsx'

/** An endpoint whose model is served elsewhere: what was logged, how to log, and what cannot be known here. */
export function ExternalEndpoint({ endpoint }: { endpoint: EndpointDetail }) {
  const { name } = endpoint
  const to = useProjectPath()
  const [tab] = useQueryState('tab', 'log')
  const overview = useQuery(monitoringQuery(useProject(), name))
  return (
    <>
      <Load query={overview}>
        {(one) => (
          <Panel title="On record">
            <Facts large items={onRecord(one)} />
            <p className="muted" style={{ margin: '12px 0 0' }}>
              Kedge does not serve this model. It knows nothing of its traffic split, request rate, errors and memory,
              and of its latency what is logged as <code>latencyMs</code>. Its{' '}
              <Link href={`${to('monitoring')}?endpoint=${encodeURIComponent(name)}`}>monitors</Link> are the same as of
              any endpoint.
            </p>
          </Panel>
        )}
      </Load>
      <Tabs
        value={tab}
        items={[
          { value: 'log', text: 'Log to it' },
          { value: 'predictions', text: 'Predictions' },
          { value: 'versions', text: 'Versions', count: overview.data?.revisions.length },
          { value: 'reports', text: 'Reports' },
        ]}
      />
      {tab === 'log' && <LogIt endpoint={endpoint} />}
      {tab === 'predictions' && <Predictions endpoint={name} />}
      {tab === 'versions' && (
        <Panel flush>
          <Load query={overview}>
            {({ revisions }) =>
              revisions.length === 0 ? (
                <Empty title="No version has logged a prediction" compact>
                  A prediction may name the <code>version</code> of its model; each is watched by itself.
                </Empty>
              ) : (
                <Table rows={revisions} columns={columns} rowKey={({ revision }) => revision} />
              )
            }
          </Load>
        </Panel>
      )}
      {tab === 'reports' && <Reports endpoint={name} />}
    </>
  )
}

function onRecord({ revisions, firstPrediction, lastPrediction, lastActual }: MonitoringOverview) {
  const sum = (of: (one: MonitoringOverview['revisions'][number]) => number) =>
    revisions.reduce((total, one) => total + of(one), 0)
  const [predictions, actuals] = [sum((one) => one.predictions), sum((one) => one.actuals)]
  return {
    Predictions: compact(predictions),
    'With their actual': predictions > 0 ? percent(actuals / predictions) : '–',
    From: firstPrediction === null ? '–' : date(firstPrediction),
    To: lastPrediction === null ? '–' : date(lastPrediction),
    'Actuals to': lastActual === null ? 'none yet' : date(lastActual),
  }
}

const columns: Column<MonitoringOverview['revisions'][number]>[] = [
  { key: 'revision', head: 'Version’s number here', cell: ({ revision }) => <b>{revision}</b> },
  { key: 'predictions', head: 'Predictions', right: true, cell: ({ predictions }) => count(predictions) },
  { key: 'actuals', head: 'With their actual', right: true, cell: ({ actuals }) => count(actuals) },
  {
    key: 'reference',
    head: 'Compared with',
    cell: ({ reference }) => reference ?? <span className="muted">its own first days</span>,
  },
]
