import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { datasetVersionQuery } from '../../api/data.ts'
import { Digest } from '../../components/copy.tsx'
import { Facts } from '../../components/facts.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { Time } from '../../components/time.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { useRouteParams } from '../../components/use-route-params.ts'
import { bytes, count } from '../../format/number.ts'
import { eventWindow } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { CountsFlow } from './counts-flow.tsx'
import { Expectations } from './expectations.tsx'
import { ProfileFindings } from './profile-findings.tsx'
import { ProfileView } from './profile-view.tsx'
import { QuarantineView } from './quarantine-view.tsx'
import { VersionRows } from './version-rows.tsx'

export default function VersionPage() {
  const project = useProject()
  const to = useProjectPath()
  const { dataset, version: wanted } = useRouteParams<'dataset' | 'version'>()
  const [tab] = useQueryState('tab', 'profile')
  const version = useQuery(datasetVersionQuery(project, dataset, wanted === 'latest' ? 'latest' : Number(wanted)))
  return (
    <Page
      title={`${dataset} ${version.data?.version ?? wanted}`}
      crumbs={[
        { text: 'Data', href: to('data') },
        { text: dataset, href: to('data', dataset) },
      ]}
      badge={version.data && <StateBadge state={version.data.state} />}
      lead={version.data && eventWindow(version.data.window)}
      actions={
        version.data && (
          <>
            {version.data.version > 1 && (
              <Link href={`${to('data', dataset)}?tab=diff&a=${version.data.version - 1}&b=${version.data.version}`}>
                Compare with {version.data.version - 1}
              </Link>
            )}
            <Link href={to('lineage', 'dataset_version', `${dataset}@${version.data.version}`)}>Lineage</Link>
          </>
        )
      }
    >
      <Load query={version}>
        {(one) => (
          <>
            <Columns wide>
              <Panel title="What became of the rows">
                <CountsFlow counts={one.counts} />
              </Panel>
              <Panel title="Facts">
                <Facts
                  items={{
                    Rows: count(one.rowCount),
                    Size: bytes(one.bytes),
                    Columns: one.schema.length,
                    Digest: <Digest value={one.digest} />,
                    Declaration: <Digest value={one.specDigest} />,
                    Parent:
                      one.parent === null ? (
                        'none'
                      ) : (
                        <Link href={to('data', dataset, one.parent)}>version {one.parent}</Link>
                      ),
                    Sources: one.sources.map((source) => (
                      <div key={source.name}>
                        <Link href={to('sources', source.name)}>{source.name}</Link>{' '}
                        <span className="muted">{count(source.rows)} rows</span>
                      </div>
                    )),
                    Made: <Time at={one.createdAt} />,
                    By: one.actor,
                  }}
                />
              </Panel>
            </Columns>
            <Tabs
              value={tab}
              items={[
                { value: 'profile', text: 'Profile', count: one.profile.columns.length },
                {
                  value: 'expectations',
                  text: 'Expectations',
                  count: one.expectations.length,
                  tone: one.expectations.some(({ ok }) => !ok) ? 'bad' : undefined,
                },
                { value: 'quarantine', text: 'Quarantine', count: one.quarantine?.rows ?? 0 },
                { value: 'rows', text: 'Rows', count: one.rowCount },
              ]}
            />
            {tab === 'profile' && (
              <>
                <ProfileFindings version={one} />
                <ProfileView profile={one.profile} />
              </>
            )}
            {tab === 'expectations' && <Expectations results={one.expectations} />}
            {tab === 'quarantine' && <QuarantineView version={one} />}
            {tab === 'rows' && <VersionRows version={one} part="rows" total={one.rowCount} />}
          </>
        )}
      </Load>
    </Page>
  )
}
