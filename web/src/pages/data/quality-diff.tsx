import type { DatasetVersionSummary } from '../../api/types.ts'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'

type Result = DatasetVersionSummary['expectations'][number]

interface Pair {
  key: string
  title: string
  a: Result | undefined
  b: Result | undefined
}

const keyOf = (one: Result) => `${one.kind} ${JSON.stringify(one.config)}`

/** Expectations whose result is not the same in both versions; those that only one was asked are among them. */
export function QualityDiff({ a, b }: { a: DatasetVersionSummary; b: DatasetVersionSummary }) {
  const keys = [...new Set([...b.expectations, ...a.expectations].map(keyOf))]
  const pairs: Pair[] = keys.map((key) => {
    const [left, right] = [a, b].map(({ expectations }) => expectations.find((one) => keyOf(one) === key))
    return { key, title: (right ?? left)!.title, a: left, b: right }
  })
  const different = pairs.filter((one) => one.a?.ok !== one.b?.ok)
  return (
    <Panel
      flush={different.length > 0}
      title="Quality"
      note={
        different.length === 0
          ? `the ${pairs.length} expectations have the same result in both`
          : `${different.length} of ${pairs.length} expectations have another result`
      }
    >
      {different.length > 0 && (
        <Table
          rows={different}
          rowKey={(one) => one.key}
          columns={[
            { key: 'title', head: 'Expectation', cell: (one) => <b>{one.title}</b> },
            side('a', a.version),
            side('b', b.version),
          ]}
        />
      )}
    </Panel>
  )
}

const side = (which: 'a' | 'b', version: number): Column<Pair> => ({
  key: which,
  head: `Version ${version}`,
  cell: (one) => {
    const result = one[which]
    if (!result) return <span className="muted">not asked</span>
    return (
      <>
        <StateBadge state={result.ok ? 'ok' : 'failed'} text={result.ok ? 'met' : 'not met'} /> {result.message}
      </>
    )
  },
})
