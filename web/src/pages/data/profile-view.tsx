import type { ColumnProfile, DatasetVersion } from '../../api/types.ts'
import { CategoryBars, Histogram } from '../../charts/histogram.tsx'
import { Explained } from '../../components/explained.tsx'
import { FilterField } from '../../components/filter-field.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count, measure, percent } from '../../format/number.ts'
import { date } from '../../format/time.ts'
import classes from './profile-view.module.css'

/** Every column as a small card: its distribution and the numbers that matter. */
export function ProfileView({ profile }: { profile: DatasetVersion['profile'] }) {
  const [filter, setFilter] = useQueryState('filter')
  const shown = profile.columns.filter(({ name, type }) =>
    `${name} ${type}`.toLowerCase().includes(filter.toLowerCase()),
  )
  return (
    <>
      {profile.columns.length > 6 && (
        <div className={classes.filter}>
          <FilterField value={filter} onChange={setFilter} placeholder="Filter columns" />
        </div>
      )}
      <div className={classes.columns}>
        {shown.map((column) => (
          <ColumnCard key={column.name} column={column} rows={profile.rows} />
        ))}
      </div>
    </>
  )
}

const isTime = (type: string) => /date|time/.test(type)

function ColumnCard({ column, rows }: { column: ColumnProfile; rows: number }) {
  const show = (value: number | string | null | undefined) =>
    value == null ? '–' : typeof value === 'string' ? value : isTime(column.type) ? date(value) : measure(value)
  const q = column.quantiles
  return (
    <section className={classes.card}>
      <header>
        <b className="clip">{column.name}</b>
        <span className="muted">{column.type}</span>
      </header>
      {column.histogram && column.histogram.counts.length > 0 ? (
        <Histogram
          label={`Distribution of ${column.name}`}
          bins={column.histogram.counts.map((value, i) => ({
            label: `${show(column.histogram!.edges[i])} to ${show(column.histogram!.edges[i + 1])}`,
            value,
          }))}
          axis={[show(column.min), show(column.max)]}
        />
      ) : column.categories && column.categories.length > 0 ? (
        <CategoryBars
          label={`Most frequent values of ${column.name}`}
          limit={5}
          bins={[
            ...column.categories.map(({ value, count: rowsOf }) => ({ label: value, value: rowsOf })),
            ...(column.otherCategories > 0 ? [{ label: '… others', value: column.otherCategories }] : []),
          ].sort((a, b) => b.value - a.value)}
        />
      ) : (
        <div className={classes.none}>no values</div>
      )}
      <dl className={classes.numbers}>
        <Number
          name="missing"
          value={percent(column.missing / Math.max(1, rows))}
          definition="Share of rows without a value."
          samples={rows}
          bad={column.missing > 0}
        />
        <Number
          name="distinct"
          value={count(column.distinct)}
          definition="Different values, estimated within about 1 %."
          samples={column.count}
        />
        {column.mean !== null && !isTime(column.type) && (
          <Number
            name="mean"
            value={measure(column.mean)}
            definition="Arithmetic mean of the values."
            samples={column.count}
            facts={{ 'Standard deviation': measure(column.deviation) }}
          />
        )}
        {q && !isTime(column.type) && (
          <Number
            name="median"
            value={show(q.p50)}
            definition="Half of the values are below it; quantiles within 1 %."
            samples={column.count}
            facts={Object.fromEntries(['p01', 'p05', 'p25', 'p75', 'p95', 'p99'].map((name) => [name, show(q[name])]))}
          />
        )}
      </dl>
    </section>
  )
}

const Number = ({
  name,
  value,
  bad,
  ...explanation
}: {
  name: string
  value: string
  definition: string
  samples: number
  bad?: boolean
  facts?: Record<string, string>
}) => (
  <div data-bad={bad || undefined}>
    <dt>{name}</dt>
    <dd>
      <Explained {...explanation}>{value}</Explained>
    </dd>
  </div>
)
