import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { endpointsQuery } from '../../api/serving.ts'
import type { Endpoint } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { compact, measure } from '../../format/number.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { Cost, ErrorRate, Latency, Rate } from './live-numbers.tsx'
import { TrafficSplit } from './traffic-split.tsx'

export default function EndpointsPage() {
  const project = useProject()
  const to = useProjectPath()
  const endpoints = useQuery(endpointsQuery(project))
  return (
    <Page title="Endpoints" lead="Where models answer: which revisions, with what share of the traffic, how fast.">
      <Panel flush>
        <Load query={endpoints}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No endpoint yet" icon="endpoint" command="kedge deploy models:/NAME@champion --name NAME">
                Declare one under <code>endpoints:</code> in kedge.yaml, deploy a model in one line, or log what a model
                that is served elsewhere predicts: <code>kedge log FILE --endpoint NAME</code>.
              </Empty>
            ) : (
              <Table
                rows={items}
                columns={items.some(({ cost }) => cost) ? columns : columns.filter(({ key }) => key !== 'cost')}
                rowKey={(one) => one.name}
                href={(one) => to('endpoints', one.name)}
              />
            )
          }
        </Load>
      </Panel>
    </Page>
  )
}

/** What nobody knows of a model that is served elsewhere is left empty. */
const known = ({ state }: Endpoint, what: ReactNode) =>
  state === 'external' ? (
    <span className="muted" title="Not known: Kedge does not serve it">
      –
    </span>
  ) : (
    what
  )

const columns: Column<Endpoint>[] = [
  { key: 'name', head: 'Endpoint', cell: (one) => <b>{one.name}</b> },
  { key: 'state', head: 'State', cell: (one) => <StateBadge state={one.state} /> },
  { key: 'model', head: 'Model', cell: (one) => known(one, one.model) },
  {
    key: 'traffic',
    head: 'Traffic',
    width: 260,
    cell: (one) =>
      one.state === 'external' ? (
        <span className="muted">served elsewhere, logged here</span>
      ) : (
        <div style={{ minWidth: 180 }}>
          <TrafficSplit traffic={one.traffic} />
        </div>
      ),
  },
  { key: 'rate', head: 'Rate', right: true, cell: (one) => known(one, <Rate live={one.live} />) },
  { key: 'latency', head: 'p50 / p99', right: true, cell: (one) => known(one, <Latency live={one.live} />) },
  { key: 'errors', head: 'Errors', right: true, cell: (one) => known(one, <ErrorRate live={one.live} />) },
  { key: 'total', head: 'Predictions', right: true, cell: (one) => compact(one.live.predictions) },
  { key: 'cost', head: 'Cost', right: true, cell: (one) => known(one, <Cost cost={one.cost} live={one.live} />) },
  {
    key: 'release',
    head: 'Release',
    cell: (one) =>
      one.release && (
        <StateBadge
          state={one.release.state}
          text={
            one.release.state === 'running'
              ? `${one.release.stage} ${one.release.stage === 'canary' ? `${measure(one.release.percent)} %` : ''}`
              : undefined
          }
          hint={one.release.reason}
        />
      ),
  },
]
