import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { endpointQuery, releasesQuery } from '../../api/serving.ts'
import { Empty } from '../../components/empty.tsx'
import { Facts } from '../../components/facts.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { useRouteParams } from '../../components/use-route-params.ts'
import { compact } from '../../format/number.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { Capacity } from './capacity.tsx'
import { ExternalEndpoint } from './external-endpoint.tsx'
import { Instances } from './instances.tsx'
import { Cost, ErrorRate, Latency, NotRecorded, Rate } from './live-numbers.tsx'
import { LiveTraffic } from './live-traffic.tsx'
import { Predictions } from './predictions.tsx'
import { ReleaseProgress } from './release-progress.tsx'
import { ReleasesTable } from './releases-table.tsx'
import { Reports } from './reports.tsx'
import { Requests } from './requests.tsx'
import { RevisionsTable } from './revisions-table.tsx'
import { Settings } from './settings/settings.tsx'
import { TrafficSplit } from './traffic-split.tsx'
import { UseIt } from './use-it.tsx'

export default function EndpointPage() {
  const project = useProject()
  const to = useProjectPath()
  const { endpoint: name } = useRouteParams<'endpoint'>()
  const [tab] = useQueryState('tab', 'revisions')
  const endpoint = useQuery(endpointQuery(project, name))
  const served = endpoint.data !== undefined && endpoint.data.state !== 'external'
  const releases = useQuery({ ...releasesQuery(project, name), enabled: served })
  return (
    <Page
      title={name}
      crumbs={[{ text: 'Endpoints', href: to('endpoints') }]}
      badge={endpoint.data && <StateBadge state={endpoint.data.state} />}
      lead={
        endpoint.data &&
        (endpoint.data.state === 'external' ? (
          'Watched here, served elsewhere'
        ) : (
          <>
            Serves <Link href={to('models', endpoint.data.model)}>{endpoint.data.model}</Link>
          </>
        ))
      }
      actions={
        <>
          <Link href={to('endpoints', name, 'explanations')}>Explanations</Link>
          <Link href={`${to('monitoring')}?endpoint=${encodeURIComponent(name)}`}>Monitoring</Link>
        </>
      }
    >
      <Load query={endpoint}>
        {(one) =>
          one.state === 'external' ? (
            <ExternalEndpoint endpoint={one} />
          ) : (
            <>
              <Panel title="Traffic">
                <TrafficSplit traffic={one.traffic} />
                <div style={{ height: 14 }} />
                <Facts
                  large
                  items={{
                    'Predictions a second': <Rate live={one.live} />,
                    'Latency p50 / p99': <Latency live={one.live} />,
                    Errors: <ErrorRate live={one.live} />,
                    Predictions: compact(one.live.predictions),
                    Cost: one.cost && <Cost cost={one.cost} live={one.live} />,
                    ...(one.live.unrecorded + one.live.refused > 0 && {
                      'Not recorded': <NotRecorded live={one.live} />,
                    }),
                  }}
                />
                <LiveTraffic endpoint={one} />
              </Panel>
              {one.release && one.release.state !== 'finished' && <ReleaseProgress release={one.release} />}
              <Tabs
                value={tab}
                items={[
                  { value: 'revisions', text: 'Revisions', count: one.revisions.length },
                  { value: 'releases', text: 'Releases', count: releases.data?.total ?? releases.data?.items.length },
                  { value: 'use', text: 'Use it' },
                  { value: 'predictions', text: 'Predictions' },
                  { value: 'requests', text: 'Requests' },
                  { value: 'instances', text: 'Instances' },
                  { value: 'capacity', text: 'Capacity' },
                  { value: 'reports', text: 'Reports' },
                  { value: 'settings', text: 'Settings' },
                ]}
              />
              {tab === 'revisions' && (
                <Panel flush>
                  {one.revisions.length === 0 ? (
                    <Empty title="No revision yet" icon="endpoint">
                      The first version of <Link href={to('models', one.model)}>{one.model}</Link> that passes its gate
                      answers here at once.
                    </Empty>
                  ) : (
                    <RevisionsTable endpoint={one} />
                  )}
                </Panel>
              )}
              {tab === 'releases' && (
                <Panel flush>
                  <Load query={releases}>
                    {({ items }) =>
                      items.length === 0 ? <Empty title="No release yet" compact /> : <ReleasesTable releases={items} />
                    }
                  </Load>
                </Panel>
              )}
              {tab === 'use' && <UseIt endpoint={one} />}
              {tab === 'predictions' && <Predictions endpoint={name} />}
              {tab === 'requests' && <Requests endpoint={name} />}
              {tab === 'instances' && <Instances endpoint={one} />}
              {tab === 'capacity' && <Capacity endpoint={name} />}
              {tab === 'reports' && <Reports endpoint={name} />}
              {tab === 'settings' && <Settings endpoint={one} />}
            </>
          )
        }
      </Load>
    </Page>
  )
}
