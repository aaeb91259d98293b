import { useQuery } from '@tanstack/react-query'
import { datasetDiffQuery } from '../../api/data.ts'
import type { ColumnDiff, DatasetDiff, DatasetVersionSummary } from '../../api/types.ts'
import { CategoryBars, Histogram } from '../../charts/histogram.tsx'
import { Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { Explained } from '../../components/explained.tsx'
import { Facts } from '../../components/facts.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count, measure, percent } from '../../format/number.ts'
import { eventWindow } from '../../format/time.ts'
import { useProject } from '../../shell/project-context.tsx'
import card from './column-card.module.css'
import classes from './diff-view.module.css'
import { KeyDiff } from './key-diff.tsx'
import { QualityDiff } from './quality-diff.tsx'

/** Two versions side by side: schema, rows, and each column's distribution, the most different first. */
export function DiffView({ dataset, versions }: { dataset: string; versions: DatasetVersionSummary[] }) {
  const project = useProject()
  const newest = versions[0]?.version ?? 1
  const [a, setA] = useQueryState('a', String(Math.max(1, newest - 1)))
  const [b, setB] = useQueryState('b', String(newest))
  const [by, setBy] = useQueryState('by')
  const diff = useQuery({
    ...datasetDiffQuery(project, dataset, Number(a), Number(b), by),
    enabled: versions.length > 1 && a !== b,
  })
  if (versions.length < 2)
    return (
      <Panel>
        <Empty title="Nothing to compare yet" compact>
          Two versions can be compared when there are two.
        </Empty>
      </Panel>
    )
  const options = versions.map((one) => ({
    value: String(one.version),
    text: `${one.version}: ${eventWindow(one.window)}`,
  }))
  return (
    <>
      <div className={classes.choose}>
        <span className={classes.a}>
          <Select label="Version" value={a} onChange={setA} options={options} />
        </span>
        <span className={classes.b}>
          <Select label="against" value={b} onChange={setB} options={options} />
        </span>
      </div>
      {a === b ? (
        <Panel>
          <Empty title="The same version on both sides" compact>
            Choose another one.
          </Empty>
        </Panel>
      ) : (
        <Load query={diff}>{(answer) => <Difference diff={answer} by={by} onBy={setBy} />}</Load>
      )}
    </>
  )
}

function Difference({ diff, by, onBy }: { diff: DatasetDiff; by: string; onBy(by: string): void }) {
  const { added, removed, changed } = diff.schema
  const columns = [...diff.columns].sort((x, y) => (y.distance?.value ?? -1) - (x.distance?.value ?? -1))
  return (
    <>
      <Panel title="Rows and schema">
        <Facts
          items={{
            [`Rows in ${diff.a.version}`]: count(diff.rows.a),
            [`Rows in ${diff.b.version}`]: count(diff.rows.b),
            Common: count(diff.rows.common),
            Added: count(diff.rows.added),
            Removed: count(diff.rows.removed),
            Columns:
              added.length + removed.length + changed.length === 0
                ? 'the same'
                : [
                    ...added.map((one) => `+ ${one.name}`),
                    ...removed.map((one) => `− ${one.name}`),
                    ...changed.map((one) => `${one.name}: ${one.from} → ${one.to}`),
                  ].join(', '),
          }}
        />
      </Panel>
      <KeyDiff diff={diff} by={by} onBy={onBy} />
      <QualityDiff a={diff.a} b={diff.b} />
      <div className={classes.columns}>
        {columns.map((column) => (
          <ColumnCard
            key={column.name}
            column={column}
            names={[`version ${diff.a.version}`, `version ${diff.b.version}`]}
          />
        ))}
      </div>
    </>
  )
}

function ColumnCard({ column, names }: { column: ColumnDiff; names: [string, string] }) {
  const plain = column.bins.every(({ label }) => label !== '' && !Number.isNaN(Number(label)))
  const bins = column.bins.map((bin) => ({ label: bin.label, value: bin.a, against: bin.b }))
  // few different numbers come as categories, most frequent first
  if (plain) bins.sort((x, y) => Number(x.label) - Number(y.label))
  const asBars = /text|bool/.test(column.type) || bins.length <= 3
  return (
    <section className={card.card}>
      <header>
        <b className="clip">{column.name}</b>
        {column.distance && (
          <Explained definition={column.distance.definition} facts={{ Metric: column.distance.metric }}>
            {measure(column.distance.value, 3)}
          </Explained>
        )}
      </header>
      {bins.length === 0 ? (
        <div className="muted">Not compared: the distribution of this column says nothing.</div>
      ) : asBars ? (
        <CategoryBars label={`${column.name} in both versions`} bins={bins} shares names={names} limit={7} />
      ) : (
        <Histogram
          label={`${column.name} in both versions`}
          bins={bins}
          shares
          names={names}
          axis={[bins[0]?.label ?? '', bins.at(-1)?.label ?? '']}
        />
      )}
      <dl className={card.numbers}>
        {column.mean.a !== null && <Pair name="mean" a={measure(column.mean.a)} b={measure(column.mean.b)} />}
        <Pair name="missing" a={percent(column.missing.a)} b={percent(column.missing.b)} />
        <Pair name="distinct" a={count(column.distinct.a)} b={count(column.distinct.b)} />
      </dl>
    </section>
  )
}

const Pair = ({ name, a, b }: { name: string; a: string; b: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{a === b ? a : `${a} → ${b}`}</dd>
  </div>
)
