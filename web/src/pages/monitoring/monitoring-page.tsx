import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { alertsQuery, monitoringQuery } from '../../api/monitoring.ts'
import { endpointsQuery } from '../../api/serving.ts'
import type { MonitoringOverview } from '../../api/types.ts'
import { Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count } from '../../format/number.ts'
import { date } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { AlarmPromise } from './alarm-promise.tsx'
import { AlertsTable } from './alerts-table.tsx'
import { DriftView } from './drift-view.tsx'
import { FairnessView } from './fairness-view.tsx'
import { FamilyTiles } from './family-tiles.tsx'
import { PerformanceView } from './performance/performance-view.tsx'
import { QualityView } from './quality-view.tsx'
import { ScoreTable } from './score-table.tsx'
import { SegmentsView } from './segments-view.tsx'

export default function MonitoringPage() {
  const project = useProject()
  const to = useProjectPath()
  const [chosen, choose] = useQueryState('endpoint')
  const endpoints = useQuery(endpointsQuery(project))
  const endpoint = endpoints.data?.items.find(({ name }) => name === chosen)?.name ?? endpoints.data?.items[0]?.name
  return (
    <Page
      title="Monitoring"
      lead="Every endpoint is watched from its first prediction on, against the data its model was trained on."
      actions={
        endpoint && (
          <>
            <Select
              label="Endpoint"
              value={endpoint}
              onChange={choose}
              options={endpoints.data!.items.map(({ name }) => ({ value: name, text: name }))}
            />
            <Link href={to('endpoints', endpoint)}>Its page</Link>
          </>
        )
      }
    >
      <Load query={endpoints}>
        {() =>
          endpoint ? (
            <EndpointMonitoring key={endpoint} endpoint={endpoint} />
          ) : (
            <Panel>
              <Empty
                title="Nothing to watch yet"
                icon="monitor"
                command="kedge deploy models:/NAME@champion --name NAME"
              >
                Monitors come with an endpoint; nothing needs to be configured.
              </Empty>
            </Panel>
          )
        }
      </Load>
    </Page>
  )
}

function EndpointMonitoring({ endpoint }: { endpoint: string }) {
  const project = useProject()
  const [tab] = useQueryState('tab', 'performance')
  const overview = useQuery(monitoringQuery(project, endpoint))
  const alerts = useQuery(alertsQuery(project, { endpoint }))
  const open = alerts.data?.items.filter(({ state }) => state === 'open') ?? []
  return (
    <Load query={overview}>
      {(one) =>
        one.firstPrediction === null ? (
          <Panel>
            <Empty title="No prediction yet" icon="monitor">
              The first windows appear when the endpoint has been asked; actuals sent later join by the prediction's id.
            </Empty>
          </Panel>
        ) : (
          <>
            <FamilyTiles overview={one} />
            <p className="muted" style={{ margin: '0 0 2px' }}>
              {coverage(one)}
            </p>
            <p className="muted" style={{ margin: '0 0 12px' }}>
              <AlarmPromise endpoint={endpoint} />
            </p>
            {one.failure && (
              <Panel>
                <StateBadge state="failed" text="not computed" /> {one.failure}
              </Panel>
            )}
            {open.length > 0 && (
              <Panel title="Open alerts" flush>
                <AlertsTable alerts={open} />
              </Panel>
            )}
            <Tabs
              value={tab}
              items={[
                { value: 'performance', text: 'Performance' },
                { value: 'drift', text: 'Drift' },
                { value: 'quality', text: 'Quality' },
                { value: 'bias', text: 'Fairness' },
                { value: 'segments', text: 'Segments' },
                { value: 'service', text: 'Service' },
                {
                  value: 'alerts',
                  text: 'Alerts',
                  count: alerts.data?.items.length,
                  tone: open.length > 0 ? 'bad' : undefined,
                },
              ]}
            />
            {tab === 'performance' && (
              <PerformanceView endpoint={endpoint} overview={one} alerts={alerts.data?.items ?? []} />
            )}
            {tab === 'drift' && <DriftView endpoint={endpoint} overview={one} />}
            {tab === 'quality' && <QualityView endpoint={endpoint} overview={one} />}
            {tab === 'bias' && (
              <>
                <FairnessView endpoint={endpoint} overview={one} />
                <ScoreTable endpoint={endpoint} family="bias" />
              </>
            )}
            {tab === 'segments' && <SegmentsView endpoint={endpoint} overview={one} />}
            {!['performance', 'drift', 'quality', 'bias', 'segments', 'alerts'].includes(tab) && (
              <ScoreTable key={tab} endpoint={endpoint} family={tab} />
            )}
            {tab === 'alerts' && (
              <Panel flush>
                <Load query={alerts}>
                  {({ items }) =>
                    items.length === 0 ? (
                      <Empty title="No alert so far" compact>
                        A window out of the ordinary opens one.
                      </Empty>
                    ) : (
                      <AlertsTable alerts={items} />
                    )
                  }
                </Load>
              </Panel>
            )}
          </>
        )
      }
    </Load>
  )
}

const coverage = (one: MonitoringOverview) =>
  [
    `Predictions from ${date(one.firstPrediction!)} to ${date(one.lastPrediction!)} (event time)`,
    one.lastActual === null ? 'no actual yet' : `actuals until ${date(one.lastActual)}`,
    one.waiting > 0 ? `${count(one.waiting)} windows wait to be computed` : 'everything computed',
  ].join(' · ')
