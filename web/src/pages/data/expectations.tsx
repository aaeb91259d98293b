import type { DatasetVersionSummary } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'

type Result = DatasetVersionSummary['expectations'][number]

/** What was expected of the version and what was found; unmet ones first. */
export const Expectations = ({ results }: { results: Result[] }) => (
  <Panel flush>
    {results.length === 0 ? (
      <Empty title="Nothing was expected" compact>
        Declare what must hold under <code>expect:</code> of the dataset; a version that fails is rejected and no
        pipeline uses it.
      </Empty>
    ) : (
      <Table
        rows={[...results].sort((a, b) => Number(a.ok) - Number(b.ok))}
        columns={columns}
        rowKey={(one) => `${one.title} ${JSON.stringify(one.config)}`}
      />
    )}
  </Panel>
)

const columns: Column<Result>[] = [
  {
    key: 'state',
    head: 'Result',
    width: 90,
    cell: (one) => <StateBadge state={one.ok ? 'ok' : 'failed'} text={one.ok ? 'met' : 'not met'} />,
  },
  { key: 'title', head: 'Expectation', cell: (one) => <b>{one.title}</b> },
  { key: 'message', head: 'Found', cell: (one) => one.message },
  {
    key: 'kind',
    head: 'Declared as',
    cell: (one) => <code className="muted">{`${one.kind} ${JSON.stringify(one.config)}`}</code>,
  },
]
