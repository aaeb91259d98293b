import { useQuery } from '@tanstack/react-query'
import { rulesQuery } from '../../api/automation.ts'
import { pipelineRunsQuery, pipelinesQuery } from '../../api/pipelines.ts'
import type { Pipeline, Rule } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Time } from '../../components/time.tsx'
import { date } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { PipelineRunsTable } from './pipeline-runs-table.tsx'

export default function PipelinesPage() {
  const project = useProject()
  const to = useProjectPath()
  const pipelines = useQuery(pipelinesQuery(project))
  const runs = useQuery(pipelineRunsQuery(project))
  const rules = useQuery(rulesQuery(project))
  return (
    <Page title="Pipelines" lead="Steps that turn dataset versions into models, and the rules that start them.">
      <Panel flush>
        <Load query={pipelines}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No pipeline declared" command="kedge apply -f kedge.yaml" icon="pipeline">
                Declare one under <code>pipelines:</code>: commands in any language, their inputs, outputs and limits.
              </Empty>
            ) : (
              <Table
                rows={items}
                columns={columns}
                rowKey={(one) => one.name}
                href={(one) => to('pipelines', one.name)}
              />
            )
          }
        </Load>
      </Panel>
      <Panel title="Rules" note="what starts a pipeline by itself" flush>
        <Load query={rules}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No rule declared" compact>
                Declare one under <code>automation:</code>, such as{' '}
                <code>{'{ on: drift.detected, do: run train }'}</code>.
              </Empty>
            ) : (
              <Table rows={items} columns={ruleColumns} rowKey={(one) => one.name} />
            )
          }
        </Load>
      </Panel>
      <Panel title="Latest runs" flush>
        <Load query={runs}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No pipeline has run yet" compact command="kedge run PIPELINE" />
            ) : (
              <PipelineRunsTable runs={items.slice(0, 30)} />
            )
          }
        </Load>
      </Panel>
    </Page>
  )
}

const columns: Column<Pipeline>[] = [
  { key: 'name', head: 'Pipeline', cell: (one) => <b>{one.name}</b> },
  { key: 'steps', head: 'Steps', cell: (one) => one.steps.map(({ name }) => name).join(' → ') },
  {
    key: 'last',
    head: 'Last run',
    cell: (one) => (one.lastRun ? <StateBadge state={one.lastRun.state} /> : <span className="muted">never</span>),
  },
  { key: 'when', head: 'When', cell: (one) => <Time at={one.lastRun?.createdAt} /> },
  { key: 'description', head: 'About', cell: (one) => <span className="muted">{one.description}</span> },
]

const ruleColumns: Column<Rule>[] = [
  { key: 'name', head: 'Rule', cell: (one) => <b>{one.name}</b> },
  {
    key: 'state',
    head: 'State',
    cell: (one) => (
      <StateBadge
        state={one.state}
        hint={
          one.state === 'tripped'
            ? 'Its retrainings kept leading to nothing. Look at them, then reset the rule.'
            : undefined
        }
      />
    ),
  },
  { key: 'on', head: 'On', cell: (one) => <code>{ruleText(one.spec)}</code> },
  {
    key: 'fired',
    head: 'Last fired',
    cell: (one) =>
      one.lastFired === null ? (
        <span className="muted">never</span>
      ) : (
        <span className="number">{date(one.lastFired)}</span>
      ),
  },
  {
    key: 'next',
    head: 'Next',
    cell: (one) => (one.nextAt === null ? <span className="muted">–</span> : <Time at={one.nextAt} />),
  },
  { key: 'failures', head: 'Fruitless in a row', right: true, cell: (one) => one.failures },
]

function ruleText(spec: unknown): string {
  const { on, endpoint, cron, do: action } = (spec ?? {}) as Record<string, unknown>
  const text = (value: unknown) => (typeof value === 'string' ? value : value == null ? '' : JSON.stringify(value))
  return `${[text(on), text(endpoint), text(cron)].filter(Boolean).join(' ')} → ${text(action)}`
}
