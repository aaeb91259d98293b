import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { stringify } from 'yaml'
import { featureViewQuery, trainingSetsQuery } from '../../api/features.ts'
import type { Feature, FeatureView } from '../../api/types.ts'
import { Digest, Snippet } from '../../components/copy.tsx'
import { Empty } from '../../components/empty.tsx'
import { Facts } from '../../components/facts.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { Time } from '../../components/time.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { useRouteParams } from '../../components/use-route-params.ts'
import { count, measure, percent } from '../../format/number.ts'
import { duration } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { madeOf } from './feature-text.ts'
import { Freshness } from './features-page.tsx'
import { LookupTry } from './lookup-try.tsx'

export default function FeatureViewPage() {
  const project = useProject()
  const to = useProjectPath()
  const { view: name } = useRouteParams<'view'>()
  const [tab] = useQueryState('tab', 'features')
  const [chosen] = useQueryState('feature')
  const view = useQuery(featureViewQuery(project, name))
  return (
    <Page
      title={name}
      crumbs={[{ text: 'Features', href: to('features') }]}
      badge={view.data?.problem && <StateBadge state="failed" text="cannot be used" hint={view.data.problem} />}
      lead={view.data?.description ?? 'A feature view: one definition for training and for serving.'}
    >
      <Load query={view}>
        {(one) => (
          <>
            {one.problem && (
              <Panel title="Why it cannot be used">
                <p style={{ margin: 0 }}>{one.problem}</p>
              </Panel>
            )}
            <Panel>
              <Facts
                items={{
                  Entity: one.entity.join(', '),
                  Dataset: <Link href={to('data', one.dataset)}>{one.dataset}</Link>,
                  Owner: one.owner ?? 'nobody named',
                  Freshness: <Freshness view={one} />,
                  'Newest row': <Time at={one.newest} />,
                  Entities: count(one.entities),
                  'Good for': one.ttl === null ? 'ever' : duration(one.ttl),
                  'Time column': one.time ?? <span className="muted">the dataset’s</span>,
                  Definition: <Digest value={one.specDigest} />,
                }}
              />
            </Panel>
            <Tabs
              value={tab}
              items={[
                { value: 'features', text: 'Features', count: one.features.length },
                { value: 'lookup', text: 'Look up' },
                { value: 'skew', text: 'Skew' },
                { value: 'consumers', text: 'Used by' },
                { value: 'declaration', text: 'Declaration' },
              ]}
            />
            {tab === 'features' && (
              <Panel flush>
                <Table
                  rows={one.features}
                  columns={featureColumns}
                  rowKey={(feature) => feature.name}
                  selected={(feature) => feature.name === chosen}
                />
              </Panel>
            )}
            {tab === 'lookup' && <LookupTry view={one} />}
            {tab === 'skew' && <SkewTable view={one} />}
            {tab === 'consumers' && <Consumers view={one} />}
            {tab === 'declaration' && (
              <Panel title="As declared">
                <Snippet text={stringify({ features: { [one.name]: one.spec } })} label="Copy the declaration" />
              </Panel>
            )}
          </>
        )}
      </Load>
    </Page>
  )
}

const featureColumns: Column<Feature>[] = [
  { key: 'name', head: 'Feature', cell: (one) => <b>{one.name}</b> },
  { key: 'how', head: 'Made of', cell: (one) => <code>{madeOf(one)}</code> },
  { key: 'type', head: 'Type', cell: (one) => one.type ?? <span className="muted">unknown</span> },
  { key: 'about', head: 'Meaning', cell: (one) => one.description ?? <span className="muted">–</span> },
]

type Compared = Feature['skew'][number] & { feature: string }

/** What endpoints answered with against what training would have had at the same moment. */
function SkewTable({ view }: { view: FeatureView }) {
  const rows: Compared[] = view.features
    .flatMap((feature) => feature.skew.map((one) => ({ ...one, feature: feature.name })))
    .sort((a, b) => b.different - a.different)
  const to = useProjectPath()
  const columns: Column<Compared>[] = [
    { key: 'feature', head: 'Feature', cell: (one) => <b>{one.feature}</b> },
    {
      key: 'endpoint',
      head: 'Endpoint',
      cell: (one) => <Link href={to('endpoints', one.endpoint)}>{one.endpoint}</Link>,
    },
    { key: 'different', head: 'Different', right: true, cell: (one) => percent(one.different, 2) },
    { key: 'mean', head: 'Mean difference', right: true, cell: (one) => measure(one.meanDifference) },
    { key: 'samples', head: 'Predictions compared', right: true, cell: (one) => count(one.samples) },
    { key: 'when', head: 'Compared', cell: (one) => <Time at={one.computedAt} /> },
  ]
  return (
    <Panel flush>
      {rows.length === 0 ? (
        <Empty title="Nothing compared yet" compact>
          When an endpoint looks these features up, its recorded predictions are compared with the values that training
          would have had at their time.
        </Empty>
      ) : (
        <Table rows={rows} columns={columns} rowKey={(one) => `${one.feature} ${one.endpoint}`} />
      )}
    </Panel>
  )
}

/** Training sets and endpoints that read the view. */
function Consumers({ view }: { view: FeatureView }) {
  const project = useProject()
  const to = useProjectPath()
  const sets = useQuery(trainingSetsQuery(project))
  const endpoints = [...new Set(view.features.flatMap(({ skew }) => skew.map(({ endpoint }) => endpoint)))]
  return (
    <Columns>
      <Panel title="Training sets">
        <Load query={sets}>
          {({ items }) => {
            const reading = items.filter(({ spec }) =>
              ((spec.features as string[] | undefined) ?? []).some((one) => one.split('.')[0] === view.name),
            )
            return reading.length === 0 ? (
              <Empty title="None yet" compact />
            ) : (
              <ul>
                {reading.map((one) => (
                  <li key={one.name}>
                    <Link href={to('data', one.name)}>{one.name}</Link>
                  </li>
                ))}
              </ul>
            )
          }}
        </Load>
      </Panel>
      <Panel title="Endpoints" note="whose lookups were compared">
        {endpoints.length === 0 ? (
          <Empty title="None yet" compact />
        ) : (
          <ul>
            {endpoints.map((one) => (
              <li key={one}>
                <Link href={to('endpoints', one)}>{one}</Link>
              </li>
            ))}
          </ul>
        )}
      </Panel>
    </Columns>
  )
}
