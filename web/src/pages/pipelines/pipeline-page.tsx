import { useQuery } from '@tanstack/react-query'
import { pipelineQuery, pipelineRunsQuery } from '../../api/pipelines.ts'
import { Digest, Snippet } from '../../components/copy.tsx'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { useRouteParams } from '../../components/use-route-params.ts'
import { bytes } from '../../format/number.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { PipelineRunsTable } from './pipeline-runs-table.tsx'
import { StartButton } from './start-button.tsx'

interface Step {
  name: string
  run: string
  waitsFor: string[]
}

export default function PipelinePage() {
  const project = useProject()
  const to = useProjectPath()
  const { pipeline: name } = useRouteParams<'pipeline'>()
  const [tab] = useQueryState('tab', 'runs')
  const pipeline = useQuery(pipelineQuery(project, name))
  const runs = useQuery(pipelineRunsQuery(project, name))
  return (
    <Page
      title={name}
      crumbs={[{ text: 'Pipelines', href: to('pipelines') }]}
      badge={pipeline.data?.lastRun && <StateBadge state={pipeline.data.lastRun.state} />}
      lead={pipeline.data?.description ?? pipeline.data?.steps.map((step) => step.name).join(' → ')}
      actions={<StartButton pipeline={name} />}
    >
      <Tabs
        value={tab}
        items={[
          { value: 'runs', text: 'Runs', count: runs.data?.total ?? runs.data?.items.length },
          { value: 'declaration', text: 'Declaration' },
        ]}
      />
      {tab === 'runs' ? (
        <Panel flush>
          <Load query={runs}>
            {({ items }) =>
              items.length === 0 ? (
                <Empty title="It has not run yet" icon="pipeline" command={`kedge run ${name}`} />
              ) : (
                <PipelineRunsTable runs={items} />
              )
            }
          </Load>
        </Panel>
      ) : (
        <Load query={pipeline}>
          {(one) => (
            <>
              <Panel title="Steps" flush>
                <Table rows={one.steps as Step[]} columns={stepColumns} rowKey={(step) => step.name} />
              </Panel>
              <Columns wide>
                <Panel title="As declared" note="defaults filled in; sizes in bytes, durations in milliseconds">
                  <Snippet text={JSON.stringify(one.spec, null, 2)} />
                </Panel>
                <Panel title="Files" note={<Digest value={one.digest} />} flush>
                  <Table
                    rows={Object.entries(one.files)}
                    rowKey={([path]) => path}
                    columns={[
                      { key: 'path', head: 'File', cell: ([path]) => <code>{path}</code> },
                      { key: 'bytes', head: 'Size', right: true, cell: ([, file]) => bytes(file.bytes) },
                      { key: 'digest', head: 'Digest', cell: ([, file]) => <Digest value={file.digest} /> },
                    ]}
                  />
                </Panel>
              </Columns>
            </>
          )}
        </Load>
      )}
    </Page>
  )
}

const stepColumns: Column<Step>[] = [
  { key: 'name', head: 'Step', cell: (step) => <b>{step.name}</b> },
  { key: 'run', head: 'Command', cell: (step) => <code>{step.run}</code> },
  { key: 'after', head: 'After', cell: (step) => step.waitsFor.join(', ') || <span className="muted">nothing</span> },
]
