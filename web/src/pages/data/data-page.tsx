import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { datasetsQuery, sourcesQuery } from '../../api/data.ts'
import type { Dataset, Source } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Explained } from '../../components/explained.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Time } from '../../components/time.tsx'
import { count, percent } from '../../format/number.ts'
import { eventWindow } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { sourcePlace } from './source-place.ts'

export default function DataPage() {
  const project = useProject()
  const to = useProjectPath()
  const datasets = useQuery(datasetsQuery(project))
  const sources = useQuery(sourcesQuery(project))
  return (
    <Page
      title="Data"
      lead="What comes in, how it is cleaned, and the immutable versions that come out."
      actions={
        <>
          <Button variant="default" component={Link} href={to('freshness')}>
            Freshness
          </Button>
          <Button component={Link} href={to('connect')}>
            Connect a source
          </Button>
        </>
      }
    >
      <Panel title="Datasets" flush>
        <Load query={datasets}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No dataset declared" command="kedge apply -f kedge.yaml" icon="data">
                <Link href={to('connect')}>Connect a source</Link> and its dataset comes with it, or declare one under{' '}
                <code>datasets:</code> in kedge.yaml: where its rows come from, how they are cleaned, what is expected
                of them.
              </Empty>
            ) : (
              <Table
                rows={items}
                columns={datasetColumns}
                rowKey={(one) => one.name}
                href={(one) => to('data', one.name)}
              />
            )
          }
        </Load>
      </Panel>
      <Panel title="Sources" flush>
        <Load query={sources}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No source declared" compact command="kedge apply -f kedge.yaml">
                A source is a file, an address or a table, declared under <code>sources:</code>.
              </Empty>
            ) : (
              <Table
                rows={items}
                columns={sourceColumns}
                rowKey={(one) => one.name}
                href={(one) => to('sources', one.name)}
              />
            )
          }
        </Load>
      </Panel>
    </Page>
  )
}

const datasetColumns: Column<Dataset>[] = [
  { key: 'name', head: 'Dataset', cell: (one) => <b>{one.name}</b> },
  {
    key: 'state',
    head: 'Latest',
    cell: (one) =>
      one.latest ? (
        <>
          version {one.latest.version} <StateBadge state={one.latest.state} />
        </>
      ) : (
        <span className="muted">not materialised yet</span>
      ),
  },
  { key: 'rows', head: 'Rows', right: true, cell: (one) => count(one.latest?.rowCount) },
  {
    key: 'quarantined',
    head: 'Quarantined',
    right: true,
    cell: (one) =>
      one.latest && (
        <Explained
          definition="Rows that failed a check and were put aside with the reason; they are not in the version."
          samples={one.latest.counts.read}
          facts={{ Share: percent(one.latest.counts.quarantined / Math.max(1, one.latest.counts.read)) }}
        >
          {count(one.latest.counts.quarantined)}
        </Explained>
      ),
  },
  { key: 'expectations', head: 'Expectations', cell: (one) => one.latest && <Met results={one.latest.expectations} /> },
  { key: 'window', head: 'Window', cell: (one) => one.latest && eventWindow(one.latest.window) },
  { key: 'versions', head: 'Versions', right: true, cell: (one) => count(one.versions) },
  { key: 'updated', head: 'Made', cell: (one) => <Time at={one.latest?.createdAt} /> },
]

const Met = ({ results }: { results: { ok: boolean }[] }) => {
  const met = results.filter(({ ok }) => ok).length
  if (results.length === 0) return <span className="muted">none</span>
  return <StateBadge state={met === results.length ? 'ok' : 'violation'} text={`${met} of ${results.length} met`} />
}

const sourceColumns: Column<Source>[] = [
  { key: 'name', head: 'Source', cell: (one) => <b>{one.name}</b> },
  { key: 'kind', head: 'Kind', cell: (one) => one.kind },
  { key: 'place', head: 'From', cell: (one) => <code>{sourcePlace(one)}</code> },
  { key: 'changed', head: 'Changed', cell: (one) => <Time at={one.updatedAt} /> },
]
