import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { requestsQuery } from '../../api/serving.ts'
import type { WatchedRequest } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Explained } from '../../components/explained.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Time } from '../../components/time.tsx'
import { count, measure } from '../../format/number.ts'
import { useProject } from '../../shell/project-context.tsx'

/** The slowest and the failed requests: where their time went, and why they failed. */
export function Requests({ endpoint }: { endpoint: string }) {
  const requests = useQuery(requestsQuery(useProject(), endpoint))
  return (
    <Load query={requests}>
      {({ slow, failed }) => (
        <>
          <Panel title="Failed" note="the newest 20 of each inference process" flush>
            {failed.length === 0 ? (
              <Empty title="No request failed" compact>
                Those that do stand here with their reason, without the values that were sent.
              </Empty>
            ) : (
              <Table rows={alike(failed)} columns={failures} rowKey={({ newest }) => keyOf(newest)} />
            )}
          </Panel>
          <Panel title="Slowest" note="of the last 15 minutes" flush>
            {slow.length === 0 ? (
              <Empty title="No request in the last 15 minutes" compact />
            ) : (
              <Table rows={slow} columns={slowest(Math.max(...slow.map(({ total }) => total)))} rowKey={keyOf} />
            )}
          </Panel>
        </>
      )}
    </Load>
  )
}

/** Failed requests with the same reason, told once. */
interface Alike {
  newest: WatchedRequest
  count: number
}

const alike = (failed: readonly WatchedRequest[]): Alike[] =>
  [...Map.groupBy(failed, ({ error, revision, node }) => JSON.stringify([error, revision, node])).values()].map(
    (requests) => ({ newest: requests[0]!, count: requests.length }),
  )

const keyOf = (one: WatchedRequest) => `${one.node} ${one.at} ${one.id} ${one.total}`

const slowest = (most: number): Column<WatchedRequest>[] => [
  { key: 'time', head: 'When', cell: (one) => <Time at={one.at} /> },
  {
    key: 'id',
    head: 'Id',
    cell: (one) =>
      one.id === null ? (
        <span className="muted">not recorded</span>
      ) : (
        <Link href={`?tab=predictions&id=${encodeURIComponent(one.id)}`}>{one.id}</Link>
      ),
  },
  { key: 'revision', head: 'Revision', right: true, cell: (one) => one.revision ?? '–' },
  { key: 'rows', head: 'Rows', right: true, cell: (one) => count(one.rows) },
  { key: 'total', head: 'Time', right: true, cell: (one) => <Parts request={one} /> },
  {
    key: 'parts',
    head: (
      <>
        <i style={{ ...swatch, background: 'var(--accent)' }} /> model
        <i style={{ ...swatch, marginLeft: 10, background: 'var(--line-strong)' }} /> all else
      </>
    ),
    width: '34%',
    cell: ({ total, model }) => (
      <div style={{ display: 'flex', width: `${(100 * total) / most}%`, minWidth: 2, height: 8 }} aria-hidden="true">
        <div style={{ width: `${(100 * model) / total}%`, background: 'var(--accent)' }} />
        <div style={{ flex: 1, background: 'var(--line-strong)' }} />
      </div>
    ),
  },
  { key: 'node', head: 'Process', cell: (one) => <span className="muted">{one.node}</span> },
]

const swatch = { display: 'inline-block', width: 8, height: 8, borderRadius: 2, marginRight: 4 }

const Parts = ({ request: { total, model } }: { request: WatchedRequest }) => (
  <Explained
    definition="Time in the inference process, from when the request was read until it was answered. What is not the model's is checking, waiting for its turn and recording."
    facts={{ Model: `${measure(model, 3)} ms`, 'All else': `${measure(Math.max(0, total - model), 3)} ms` }}
  >
    {measure(total, 3)} ms
  </Explained>
)

const failures: Column<Alike>[] = [
  { key: 'time', head: 'Last', cell: ({ newest }) => <Time at={newest.at} /> },
  { key: 'count', head: 'Times', right: true, cell: (one) => count(one.count) },
  { key: 'code', head: 'Code', cell: ({ newest }) => <code>{newest.error?.code}</code> },
  { key: 'message', head: 'Reason', width: '50%', cell: ({ newest }) => newest.error?.message },
  { key: 'revision', head: 'Revision', right: true, cell: ({ newest }) => newest.revision ?? '–' },
  { key: 'node', head: 'Process', cell: ({ newest }) => <span className="muted">{newest.node}</span> },
]
