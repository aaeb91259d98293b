import { Link } from 'wouter'
import type { EndpointDetail, Revision } from '../../api/types.ts'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Time } from '../../components/time.tsx'
import { compact } from '../../format/number.ts'
import { useProjectPath } from '../../shell/project-context.tsx'
import { ErrorRate, Latency, Rate } from './live-numbers.tsx'
import { revisionColour } from './traffic-split.tsx'

export function RevisionsTable({ endpoint }: { endpoint: EndpointDetail }) {
  const to = useProjectPath()
  const columns: Column<Revision>[] = [
    {
      key: 'number',
      head: 'Revision',
      cell: (one) => (
        <b>
          <span
            style={{
              display: 'inline-block',
              width: 9,
              height: 9,
              borderRadius: 2,
              marginRight: 6,
              background: revisionColour(one.number),
            }}
          />
          {one.number}
        </b>
      ),
    },
    {
      key: 'state',
      head: 'State',
      cell: (one) => (
        <StateBadge
          state={one.state}
          hint={one.instances
            .map(({ node, state, error }) => `${node}: ${state}${error ? `, ${error}` : ''}`)
            .join('\n')}
        />
      ),
    },
    {
      key: 'version',
      head: 'Version',
      cell: (one) => <Link href={to('models', one.model, one.version)}>{`${one.model} ${one.version}`}</Link>,
    },
    {
      key: 'percent',
      head: 'Share',
      right: true,
      cell: (one) => (one.state === 'shadow' ? 'copies' : `${one.percent} %`),
    },
    { key: 'rate', head: 'Rate', right: true, cell: (one) => <Rate live={one.live} /> },
    { key: 'latency', head: 'p50 / p99', right: true, cell: (one) => <Latency live={one.live} /> },
    { key: 'errors', head: 'Errors', right: true, cell: (one) => <ErrorRate live={one.live} /> },
    { key: 'predictions', head: 'Predictions', right: true, cell: (one) => compact(one.live.predictions) },
    { key: 'shadow', head: 'In shadow', right: true, cell: (one) => compact(one.live.shadowPredictions) },
    { key: 'created', head: 'Made', cell: (one) => <Time at={one.createdAt} /> },
    {
      key: 'lineage',
      head: '',
      cell: (one) => <Link href={to('lineage', 'revision', `${endpoint.name}@${one.number}`)}>Lineage</Link>,
    },
  ]
  return <Table rows={endpoint.revisions} columns={columns} rowKey={(one) => one.number} />
}
