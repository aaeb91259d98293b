import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { gatesQuery, modelQuery, modelVersionsQuery, promotionsQuery } from '../../api/registry.ts'
import type { Gate, ModelVersion } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { Time } from '../../components/time.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { useRouteParams } from '../../components/use-route-params.ts'
import { bytes } from '../../format/number.ts'
import { date } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { AliasBadge } from './alias-badge.tsx'
import { AliasDialog } from './alias-dialog.tsx'
import { GateEvidence } from './gate-evidence.tsx'
import { PromotionLanes } from './promotion-lanes.tsx'
import { Promotions } from './promotions.tsx'
import { VersionComparison } from './version-comparison.tsx'

export default function ModelPage() {
  const project = useProject()
  const to = useProjectPath()
  const { model: name } = useRouteParams<'model'>()
  const [tab] = useQueryState('tab', 'versions')
  const model = useQuery(modelQuery(project, name))
  const versions = useQuery(modelVersionsQuery(project, name))
  const gates = useQuery(gatesQuery(project, name))
  const promotions = useQuery(promotionsQuery(project, name))
  return (
    <Page
      title={name}
      crumbs={[{ text: 'Models', href: to('models') }]}
      lead={model.data?.description}
      badge={
        model.data &&
        Object.entries(model.data.aliases).map(([alias, version]) => (
          <Link key={alias} href={to('models', name, version)} style={{ fontSize: '0.8125rem', fontWeight: 500 }}>
            <AliasBadge alias={alias} /> {version}
          </Link>
        ))
      }
      actions={
        model.data &&
        (versions.data?.items.length ?? 0) > 0 && (
          <AliasDialog
            model={name}
            button="Move an alias …"
            aliases={model.data.aliases}
            versions={versions.data!.items.map(({ version }) => version)}
          />
        )
      }
    >
      <Tabs
        value={tab}
        items={[
          { value: 'versions', text: 'Versions', count: model.data?.versions },
          { value: 'gates', text: 'Gate', count: gates.data?.items.length },
          { value: 'promotions', text: 'Promotions', count: promotions.data?.items.length },
          { value: 'compare', text: 'Compare' },
        ]}
      />
      {tab === 'versions' && (
        <Panel flush>
          <Load query={versions}>
            {({ items }) =>
              items.length === 0 ? (
                <Empty title="No version yet" icon="model">
                  Run the pipeline that makes it, or log a model into it.
                </Empty>
              ) : (
                <Table
                  rows={items}
                  columns={versionColumns(gates.data?.items ?? [], to)}
                  rowKey={(one) => one.version}
                  href={(one) => to('models', name, one.version)}
                />
              )
            }
          </Load>
        </Panel>
      )}
      {tab === 'gates' && (
        <Load query={gates}>
          {({ items }) =>
            items.length === 0 ? (
              <Panel>
                <Empty title="The gate has not decided yet" compact>
                  It decides when a version is registered with held-out rows.
                </Empty>
              </Panel>
            ) : (
              items.map((gate) => <GateEvidence key={gate.id} gate={gate} />)
            )
          }
        </Load>
      )}
      {tab === 'promotions' && (
        <Load query={promotions}>
          {({ items }) => (
            <>
              {items.length > 0 && (
                <Panel title="Which version was it, and when">
                  <PromotionLanes items={items} />
                </Panel>
              )}
              <Promotions items={items} />
            </>
          )}
        </Load>
      )}
      {tab === 'compare' && (
        <Load query={versions}>
          {({ items }) => <VersionComparison model={name} versions={items} gates={gates.data?.items ?? []} />}
        </Load>
      )}
    </Page>
  )
}

const versionColumns = (gates: Gate[], to: (...segments: (string | number)[]) => string): Column<ModelVersion>[] => [
  {
    key: 'version',
    head: 'Version',
    cell: (one) => (
      <>
        <b>{one.version}</b>{' '}
        {one.aliases.map((alias) => (
          <AliasBadge key={alias} alias={alias} />
        ))}
      </>
    ),
  },
  {
    key: 'gate',
    head: 'Gate',
    cell: (one) => {
      const gate = gates.find(({ version }) => version === one.version)
      return (
        <StateBadge
          state={one.gate}
          text={one.gate === 'none' ? 'no gate' : one.gate}
          hint={gate?.error ?? gate?.evidence?.rules.map(({ reason }) => reason).join('; ')}
        />
      )
    },
  },
  {
    key: 'asOf',
    head: 'Data until',
    cell: (one) => <span className="number">{one.asOf === null ? '–' : date(one.asOf)}</span>,
  },
  {
    key: 'data',
    head: 'Trained on',
    cell: (one) =>
      one.datasetVersions.map((used) => (
        <div key={`${used.dataset}@${used.version} ${used.role}`}>
          <Link href={to('data', used.dataset, used.version)}>{`${used.dataset} ${used.version}`}</Link>{' '}
          <span className="muted">{used.role}</span>
        </div>
      )),
  },
  {
    key: 'from',
    head: 'Made by',
    cell: (one) =>
      one.pipelineRun !== null ? (
        <Link
          href={`${to('pipeline-runs', one.pipelineRun)}?step=${one.step ?? ''}`}
        >{`pipeline run ${one.pipelineRun}`}</Link>
      ) : one.runId ? (
        <Link href={to('runs', one.runId)}>run {one.runId.slice(0, 8)}</Link>
      ) : (
        <span className="muted">an upload</span>
      ),
  },
  { key: 'kind', head: 'Kind', cell: (one) => one.kind ?? '–' },
  { key: 'bytes', head: 'Size', right: true, cell: (one) => bytes(one.bytes) },
  { key: 'created', head: 'Registered', cell: (one) => <Time at={one.createdAt} /> },
]
