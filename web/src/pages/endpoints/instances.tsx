import { useQuery } from '@tanstack/react-query'
import { nodesQuery } from '../../api/serving.ts'
import type { EndpointDetail, Revision } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Explained } from '../../components/explained.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Time } from '../../components/time.tsx'
import { bytes, compact, measure } from '../../format/number.ts'
import { useProject } from '../../shell/project-context.tsx'

interface Instance {
  revision: Revision
  instance: Revision['instances'][number]
}

const places = {
  inline: 'in the inference process',
  thread: 'in threads of the inference process',
  process: 'in processes of its own',
} as Record<string, string>

/** Where each revision is loaded, how it runs there and what it takes. */
export function Instances({ endpoint }: { endpoint: EndpointDetail }) {
  const nodes = useQuery(nodesQuery(useProject(), endpoint.name))
  const instances = endpoint.revisions.flatMap((revision) =>
    revision.instances.map((instance): Instance => ({ revision, instance })),
  )
  return (
    <>
      <Panel title="Instances" flush>
        {instances.length === 0 ? (
          <Empty title="No inference process has it" compact>
            One loads it as soon as it reports here; <code>kedge status</code> shows which are there.
          </Empty>
        ) : (
          <Table
            rows={instances}
            columns={columns}
            rowKey={({ revision, instance }) => `${revision.number} ${instance.node}`}
          />
        )}
      </Panel>
      <Panel title="Inference processes" flush>
        <Load query={nodes}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="None has reported" compact />
            ) : (
              <Table
                rows={items}
                rowKey={({ node, at }) => `${node} ${at}`}
                columns={[
                  { key: 'node', head: 'Process', cell: ({ node }) => <b>{node}</b> },
                  { key: 'memory', head: 'Memory', right: true, cell: ({ memory }) => bytes(memory) },
                  { key: 'http', head: 'REST', cell: ({ http }) => http ?? '–' },
                  { key: 'grpc', head: 'gRPC', cell: ({ grpc }) => grpc ?? '–' },
                  { key: 'at', head: 'Reported', cell: ({ at }) => <Time at={at} /> },
                ]}
              />
            )
          }
        </Load>
      </Panel>
    </>
  )
}

const columns: Column<Instance>[] = [
  { key: 'revision', head: 'Revision', cell: ({ revision }) => <b>{revision.number}</b> },
  { key: 'node', head: 'Process', cell: ({ instance }) => instance.node },
  {
    key: 'state',
    head: 'State',
    cell: ({ instance }) => (
      <StateBadge
        state={instance.state}
        hint={
          instance.error ?? (instance.runtime?.resident === false ? 'Comes back into memory with the next call' : '')
        }
      />
    ),
  },
  {
    key: 'place',
    head: 'Runs',
    cell: ({ instance: { runtime } }) => (runtime ? (places[runtime.place] ?? runtime.place) : '–'),
  },
  {
    key: 'memory',
    head: 'Memory',
    right: true,
    cell: ({ instance: { runtime } }) =>
      runtime ? (
        <Explained
          definition="What the model is taken to need in memory. One that nobody calls leaves it, and comes back with the next call."
          facts={{ 'In memory now': runtime.resident ? 'yes' : 'no' }}
        >
          {runtime.resident ? bytes(runtime.bytes) : 'not in memory'}
        </Explained>
      ) : (
        '–'
      ),
  },
  {
    key: 'load',
    head: 'Cold start',
    right: true,
    title: 'Time until the model was loaded and warm',
    cell: ({ instance: { runtime } }) => (runtime ? `${measure(runtime.loadMilliseconds, 3)} ms` : '–'),
  },
  {
    key: 'calls',
    head: 'Calls',
    right: true,
    cell: ({ instance: { runtime } }) =>
      runtime ? (
        <Explained
          definition="Calls of the model, and those of them that answered several callers at once because they waited together."
          facts={{ 'For several callers': compact(runtime.calls.joined) }}
        >
          {compact(runtime.calls.total)}
        </Explained>
      ) : (
        '–'
      ),
  },
  {
    key: 'verified',
    head: 'Checked',
    cell: ({ instance: { runtime } }) =>
      runtime?.verified ? (
        <Explained
          definition="Rows on record that it answered before it took a request, compared with the answers on record."
          facts={{ 'Largest difference': measure(runtime.verified.largest, 2) }}
        >
          {`${runtime.verified.rows} rows`}
        </Explained>
      ) : (
        <span className="muted">no rows on record</span>
      ),
  },
]
