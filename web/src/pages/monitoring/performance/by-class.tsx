import type { PerformanceCurves } from '../../../api/types.ts'
import { Explained } from '../../../components/explained.tsx'
import { Columns, Panel } from '../../../components/panel.tsx'
import { type Column, Table } from '../../../components/table.tsx'
import { useQueryState } from '../../../components/use-query-state.ts'
import { count, measure, percent } from '../../../format/number.ts'
import { RowsBehind } from '../rows-behind.tsx'
import { ConfusionTable } from './confusion-table.tsx'

type Class = NonNullable<PerformanceCurves['classes']>[number]

/** classes that a matrix shows; the most frequent */
const most = 14

/** Which class was taken for which, and how well each is found. */
export function ByClass({ endpoint, curves }: { endpoint: string; curves: PerformanceCurves }) {
  const [cell, setCell] = useQueryState('cell')
  const { classes, counts } = curves.confusion!
  const frequent = classes
    .map((name, i) => ({ name, i, rows: counts[i]!.reduce((sum, n) => sum + n, 0) }))
    .sort((a, b) => b.rows - a.rows)
    .slice(0, most)
    .sort((a, b) => a.i - b.i)
  const [actual, predicted] = cell ? (JSON.parse(cell) as [string, string]) : []
  return (
    <>
      <Columns wide>
        <Panel
          title="Which class was taken for which"
          note={`${count(curves.actuals)} predictions with their actual${classes.length > most ? `; the ${most} most frequent of ${classes.length} classes` : ''}`}
        >
          <ConfusionTable
            label="Actual by predicted class"
            columns={frequent.map(({ name }) => `predicted ${name}`)}
            rows={frequent.map(({ name, i }) => ({
              name,
              cells: frequent.map((other) => ({
                key: JSON.stringify([name, other.name]),
                rows: counts[i]![other.i]!,
                right: name === other.name,
              })),
            }))}
            selected={cell}
            onPick={(key) => setCell(key === cell ? '' : key)}
          />
        </Panel>
        <Panel title="By class" flush>
          <Table
            rows={[...curves.classes!].sort((a, b) => a.f1.value - b.f1.value)}
            columns={columns}
            rowKey={({ name }) => name}
          />
        </Panel>
      </Columns>
      {actual !== undefined && predicted !== undefined && (
        <RowsBehind
          key={cell}
          endpoint={endpoint}
          title={`actual ${actual}, predicted ${predicted}`}
          question={{
            revision: curves.revision,
            from: curves.start,
            to: curves.end,
            feature: '$label',
            category: predicted,
            actual,
            ...(curves.segment ? { segment: curves.segment } : {}),
          }}
          onClose={() => setCell('')}
        />
      )}
    </>
  )
}

const rate = (key: 'precision' | 'recall' | 'f1', head: string, definition: string): Column<Class> => ({
  key,
  head,
  right: true,
  cell: ({ [key]: found }) => (
    <Explained definition={definition} samples={found.n} interval={[found.low, found.high]}>
      {key === 'f1' ? measure(found.value, 3) : percent(found.value)}
    </Explained>
  ),
})

const columns: Column<Class>[] = [
  { key: 'name', head: 'Class', cell: ({ name }) => <b>{name}</b> },
  { key: 'rows', head: 'Rows', right: true, cell: ({ rows }) => count(rows) },
  rate('precision', 'Precision', 'Of the rows predicted as this class, the share that is.'),
  rate('recall', 'Recall', 'Of the rows of this class, the share predicted as it.'),
  rate('f1', 'F1', 'Harmonic mean of precision and recall.'),
]
