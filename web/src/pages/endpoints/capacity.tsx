import { useQuery } from '@tanstack/react-query'
import { capacityQuery } from '../../api/serving.ts'
import type { MeasuredCapacity } from '../../api/types.ts'
import { LinePlot } from '../../charts/line-plot.tsx'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Time } from '../../components/time.tsx'
import { count, measure } from '../../format/number.ts'
import { useProject } from '../../shell/project-context.tsx'

type Point = MeasuredCapacity['points'][number]

const sources = {
  recorded: 'rows on record',
  reference: 'rows drawn from the reference',
  signature: 'rows made up from the signature',
}

/** What the endpoint could carry when it was measured last: latency over throughput. */
export function Capacity({ endpoint }: { endpoint: string }) {
  const capacity = useQuery(capacityQuery(useProject(), endpoint))
  return (
    <Load query={capacity}>
      {({ items: [last, ...earlier] }) =>
        last ? (
          <>
            <Summary capacity={last} />
            <Columns>
              {[...Map.groupBy(last.points, ({ batch }) => batch)].map(([batch, points]) => (
                <Curve key={batch} batch={batch} points={points} />
              ))}
            </Columns>
            <Panel title="Measured" flush>
              <Table rows={last.points} columns={columns} rowKey={({ batch, clients }) => `${batch} ${clients}`} />
            </Panel>
            {earlier.length > 0 && (
              <Panel title="Earlier" flush>
                <Table rows={earlier} columns={history} rowKey={({ measuredAt }) => measuredAt} />
              </Panel>
            )}
          </>
        ) : (
          <Panel>
            <Empty title="Not measured yet" icon="endpoint" command={`kedge bench ${endpoint}`}>
              Loads the endpoint for half a minute and keeps throughput and latency here. What it asks is neither
              recorded nor counted.
            </Empty>
          </Panel>
        )
      }
    </Load>
  )
}

const bestOf = (points: readonly Point[]) =>
  points.reduce((most, point) => (point.rate * point.batch > most.rate * most.batch ? point : most))

function Summary({ capacity }: { capacity: MeasuredCapacity }) {
  const best = bestOf(capacity.points)
  return (
    <Panel title="Capacity (measured)" note={<Time at={capacity.measuredAt} />}>
      <p style={{ margin: 0 }}>
        Carried up to <b>{count(best.rate * best.batch)} rows a second</b>: {best.clients} clients with{' '}
        {count(best.batch)} {best.batch === 1 ? 'row' : 'rows'} a request, p99 {measure(best.p99, 3)} ms.
      </p>
      <p className="muted" style={{ margin: '4px 0 0' }}>
        Revision {capacity.revision}, version {capacity.version} of {capacity.model}; {sources[capacity.rows]}; asked
        from {capacity.client}.
      </p>
    </Panel>
  )
}

function Curve({ batch, points }: { batch: number; points: Point[] }) {
  const rising = [...points].sort((a, b) => a.rate - b.rate)
  const peak = rising.at(-1)!
  // with more clients than at its peak it answers less: a line through those would go back and forth
  const past = rising.map(({ clients }) => clients > peak.clients)
  const upTo = (value: (point: Point) => number) => rising.map((point, i) => (past[i] ? undefined : value(point)))
  const note = (index: number) =>
    `${rising[index]!.clients} client${rising[index]!.clients === 1 ? '' : 's'}, ${count(rising[index]!.requests)} requests`
  return (
    <Panel title={`Latency over throughput, ${batch === 1 ? '1 row' : `${count(batch)} rows`} a request`}>
      <LinePlot
        label={`Latency in milliseconds over requests a second with ${batch} rows a request`}
        x={rising.map(({ rate }) => rate)}
        xLabel="requests/s"
        xFormat={(value) => count(value)}
        format={(value) => `${measure(value, 3)} ms`}
        series={[
          { name: 'p99', y: upTo(({ p99 }) => p99), note },
          { name: 'p95', y: upTo(({ p95 }) => p95) },
          { name: 'p50', y: upTo(({ p50 }) => p50) },
          ...(past.includes(true)
            ? [
                {
                  name: `p99 with more than ${peak.clients} clients`,
                  y: rising.map((point, i) => (past[i] || point === peak ? point.p99 : undefined)),
                  dashed: true,
                  note,
                },
              ]
            : []),
        ]}
      />
    </Panel>
  )
}

const columns: Column<Point>[] = [
  { key: 'batch', head: 'Rows a request', right: true, cell: (one) => count(one.batch) },
  { key: 'clients', head: 'Clients', right: true, cell: (one) => count(one.clients) },
  { key: 'rate', head: 'Requests /s', right: true, cell: (one) => <b>{count(one.rate)}</b> },
  { key: 'rows', head: 'Rows /s', right: true, cell: (one) => count(one.rate * one.batch) },
  { key: 'p50', head: 'p50 ms', right: true, cell: (one) => measure(one.p50, 3) },
  { key: 'p95', head: 'p95 ms', right: true, cell: (one) => measure(one.p95, 3) },
  { key: 'p99', head: 'p99 ms', right: true, cell: (one) => measure(one.p99, 3) },
  {
    key: 'failed',
    head: 'Failed',
    right: true,
    cell: (one) => <span style={one.failed > 0 ? { color: 'var(--bad)' } : undefined}>{count(one.failed)}</span>,
  },
]

const history: Column<MeasuredCapacity>[] = [
  { key: 'at', head: 'Measured', cell: (one) => <Time at={one.measuredAt} /> },
  { key: 'revision', head: 'Revision', right: true, cell: (one) => one.revision },
  {
    key: 'rows',
    head: 'Rows /s',
    right: true,
    cell: ({ points }) => count(bestOf(points).rate * bestOf(points).batch),
  },
  { key: 'p99', head: 'p99 ms', right: true, cell: ({ points }) => measure(bestOf(points).p99, 3) },
  { key: 'client', head: 'Asked from', cell: (one) => one.client },
]
