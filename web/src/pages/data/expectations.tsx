import type { DatasetVersionSummary } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { RowsTable } from './rows-table.tsx'

type Result = DatasetVersionSummary['expectations'][number]

/** What was expected of the version and what was found; unmet ones first, each with the first rows at fault. */
export function Expectations({ results }: { results: Result[] }) {
  const evidence = results.filter((one) => !one.ok && one.evidence && one.evidence.rows.length > 0)
  return (
    <>
      <Panel flush>
        {results.length === 0 ? (
          <Empty title="Nothing was expected" compact>
            Declare what must hold under <code>expect:</code> of the dataset; a version that fails is rejected and no
            pipeline uses it.
          </Empty>
        ) : (
          <Table rows={[...results].sort((a, b) => Number(a.ok) - Number(b.ok))} columns={columns} rowKey={keyOf} />
        )}
      </Panel>
      {evidence.map((one) => (
        <Panel
          key={keyOf(one)}
          flush
          title={one.title}
          note={`the first rows at fault, by their place in the version: ${one.message}`}
        >
          <RowsTable
            head={`Rows at fault: ${one.title}`}
            rows={{
              columns: [
                { name: 'row', type: 'int' },
                ...one.evidence!.columns.map((name) => ({ name, type: 'text' as const })),
              ],
              rows: one.evidence!.rows.map(({ row, values }) => [row, ...values]),
              total: null,
            }}
          />
        </Panel>
      ))}
    </>
  )
}

const keyOf = (one: Result) => `${one.title} ${JSON.stringify(one.config)}`

const columns: Column<Result>[] = [
  {
    key: 'state',
    head: 'Result',
    width: 90,
    cell: (one) => (
      <StateBadge
        state={one.ok ? 'ok' : 'failed'}
        {...(!one.ok && one.severity === 'warn' ? { tone: 'warn' as const } : {})}
        text={one.ok ? 'met' : one.severity === 'warn' ? 'warns' : 'not met'}
      />
    ),
  },
  { key: 'title', head: 'Expectation', cell: (one) => <b>{one.title}</b> },
  { key: 'message', head: 'Found', cell: (one) => one.message },
  {
    key: 'kind',
    head: 'Declared as',
    cell: (one) => <code className="muted">{`${one.kind} ${JSON.stringify(one.config)}`}</code>,
  },
]
