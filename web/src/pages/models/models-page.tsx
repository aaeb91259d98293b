import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { modelsQuery } from '../../api/registry.ts'
import type { Model } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Time } from '../../components/time.tsx'
import { count } from '../../format/number.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { AliasBadge } from './alias-badge.tsx'

export default function ModelsPage() {
  const project = useProject()
  const to = useProjectPath()
  const models = useQuery(modelsQuery(project))
  const columns: Column<Model>[] = [
    { key: 'name', head: 'Model', cell: (one) => <b>{one.name}</b> },
    {
      key: 'aliases',
      head: 'Aliases',
      cell: (one) =>
        Object.entries(one.aliases).map(([alias, version]) => (
          <Link key={alias} href={to('models', one.name, version)}>
            <AliasBadge alias={alias} /> {version}{' '}
          </Link>
        )),
    },
    { key: 'versions', head: 'Versions', right: true, cell: (one) => count(one.versions) },
    { key: 'latest', head: 'Latest', right: true, cell: (one) => one.latestVersion ?? '–' },
    { key: 'gate', head: 'Gate', cell: (one) => <span className="muted">{gateText(one)}</span> },
    { key: 'description', head: 'About', cell: (one) => <span className="muted">{one.description}</span> },
    { key: 'updated', head: 'Changed', cell: (one) => <Time at={one.updatedAt} /> },
  ]
  return (
    <Page title="Models" lead="Registered models, their versions, and the gate that each version must pass.">
      <Panel flush>
        <Load query={models}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No model registered" icon="model" command="kedge deploy model.onnx --name NAME">
                A pipeline step registers one, MLflow's client does (<code>registered_model_name</code>), or deploy a
                file.
              </Empty>
            ) : (
              <Table rows={items} columns={columns} rowKey={(one) => one.name} href={(one) => to('models', one.name)} />
            )
          }
        </Load>
      </Panel>
    </Page>
  )
}

const gateText = ({ spec }: Model) => {
  const rules = spec?.gate ?? []
  if (rules.length === 0) return 'as good as the champion (default)'
  return rules
    .map((rule) => `${rule.metric} ${rule.at_least === undefined ? `≤ ${rule.at_most}` : `≥ ${rule.at_least}`}`)
    .join(', ')
}
