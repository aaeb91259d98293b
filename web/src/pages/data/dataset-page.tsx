import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { datasetQuery, datasetVersionsQuery, materialise } from '../../api/data.ts'
import { Snippet } from '../../components/copy.tsx'
import { Empty } from '../../components/empty.tsx'
import { Failure } from '../../components/failure.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { useRouteParams } from '../../components/use-route-params.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { AsOf } from './as-of.tsx'
import { CurationEditor } from './curate/curation-editor.tsx'
import { useDraft } from './curate/draft.ts'
import { ExpectationEditor } from './curate/expectation-editor.tsx'
import { DatasetConsumers } from './dataset-consumers.tsx'
import { DiffView } from './diff-view.tsx'
import { MakingVersion } from './making-version.tsx'
import { ProfileTimeline } from './profile-timeline.tsx'
import { QualityHistory } from './quality-history.tsx'
import { QuarantineDesk } from './quarantine/quarantine-desk.tsx'
import { SchemaView } from './schema-view.tsx'
import { SqlConsole } from './sql-console.tsx'
import { VersionsTable } from './versions-table.tsx'

export default function DatasetPage() {
  const project = useProject()
  const to = useProjectPath()
  const { dataset: name } = useRouteParams<'dataset'>()
  const [tab] = useQueryState('tab', 'versions')
  const dataset = useQuery(datasetQuery(project, name))
  const versions = useQuery(datasetVersionsQuery(project, name))
  const make = useMutation({ mutationFn: () => materialise(project, name) })
  const latest = dataset.data?.latest
  const draft = useDraft(dataset.data)
  return (
    <Page
      title={name}
      crumbs={[{ text: 'Data', href: to('data') }]}
      badge={latest && <StateBadge state={latest.state} />}
      lead={
        latest ? (
          <Link href={to('data', name, latest.version)}>Latest version: {latest.version}</Link>
        ) : (
          'A dataset; no version yet.'
        )
      }
      actions={
        <Button loading={make.isPending} onClick={() => make.mutate()}>
          Make a version now
        </Button>
      }
    >
      {make.error && <Failure error={make.error} />}
      {make.data && (
        <MakingVersion key={make.data.jobId} dataset={name} jobId={make.data.jobId} again={() => make.mutate()} />
      )}
      <Tabs
        value={tab}
        items={[
          { value: 'versions', text: 'Versions', count: dataset.data?.versions },
          { value: 'schema', text: 'Schema' },
          { value: 'curation', text: 'Curation', count: draft.steps.length },
          { value: 'expectations', text: 'Expectations', count: draft.expectations.length },
          { value: 'quality', text: 'Quality' },
          { value: 'quarantine', text: 'Quarantine', count: versions.data?.items[0]?.counts.quarantined },
          { value: 'timeline', text: 'Timeline' },
          { value: 'diff', text: 'Compare' },
          { value: 'sql', text: 'SQL' },
          { value: 'consumers', text: 'Consumers' },
          { value: 'declaration', text: 'Declaration' },
        ]}
      />
      {tab === 'versions' && (
        <Panel flush title="Versions" actions={<AsOf dataset={name} />}>
          <Load query={versions}>
            {({ items }) =>
              items.length === 0 ? (
                <Empty title="No version yet" command={`kedge data materialise ${name}`} icon="data">
                  A version is made when a pipeline needs it, or when you ask for it.
                </Empty>
              ) : (
                <VersionsTable dataset={name} versions={items} />
              )
            }
          </Load>
        </Panel>
      )}
      {tab === 'diff' && <Load query={versions}>{({ items }) => <DiffView dataset={name} versions={items} />}</Load>}
      {tab === 'schema' && (
        <Load query={dataset}>{(one) => <SchemaView dataset={one} versions={versions.data?.items ?? []} />}</Load>
      )}
      {tab === 'curation' && <Load query={dataset}>{() => <CurationEditor dataset={name} draft={draft} />}</Load>}
      {tab === 'expectations' && (
        <Load query={dataset}>{(one) => <ExpectationEditor dataset={name} draft={draft} version={one.latest} />}</Load>
      )}
      {tab === 'quality' && (
        <Load query={versions}>{({ items }) => <QualityHistory dataset={name} versions={items} />}</Load>
      )}
      {tab === 'quarantine' && (
        <Load query={versions}>{({ items }) => <QuarantineDesk dataset={name} versions={items} />}</Load>
      )}
      {tab === 'timeline' && <ProfileTimeline dataset={name} />}
      {tab === 'sql' && <Load query={versions}>{({ items }) => <SqlConsole dataset={name} versions={items} />}</Load>}
      {tab === 'consumers' && (
        <Load query={dataset}>{(one) => <DatasetConsumers dataset={one} latest={one.latest?.version} />}</Load>
      )}
      {tab === 'declaration' && (
        <Panel title="As declared" note="defaults filled in">
          <Load query={dataset}>{(one) => <Snippet text={JSON.stringify(one.spec, null, 2)} />}</Load>
        </Panel>
      )}
    </Page>
  )
}
