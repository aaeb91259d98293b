import type { ColumnProfile, DatasetVersion } from '../../api/types.ts'
import { CategoryBars, Histogram } from '../../charts/histogram.tsx'
import { Explained } from '../../components/explained.tsx'
import { FilterField } from '../../components/filter-field.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count, measure, percent } from '../../format/number.ts'
import { date } from '../../format/time.ts'
import { columnBins } from './column-bins.ts'
import card from './column-card.module.css'
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

const fewValues = 3

function Distribution({ column, show }: { column: ColumnProfile; show(value: number): string }) {
  const label = `Distribution of ${column.name}`
  const numeric = columnBins(column, show)
  if (numeric && numeric.bins.length > fewValues)
    return <Histogram label={label} bins={numeric.bins} axis={[show(numeric.ends[0]), show(numeric.ends[1])]} />
  const categories = numeric?.bins ?? column.categories?.map((one) => ({ label: one.value, value: one.count })) ?? []
  if (categories.length === 0) return <div className={classes.none}>no values</div>
  const shown = 5
  const rest = categories.slice(shown).reduce((sum, { value }) => sum + value, column.otherCategories)
  return (
    <div>
      <CategoryBars label={label} bins={categories.slice(0, shown)} />
      {rest > 0 && (
        <div className="muted" style={{ fontSize: '0.75rem', marginTop: 2 }}>
          {count(column.distinct - Math.min(shown, categories.length))} more with {count(rest)} rows
        </div>
      )}
    </div>
  )
}

function ColumnCard({ column, rows }: { column: ColumnProfile; rows: number }) {
  const show = (value: number | string | null | undefined) =>
    value == null ? '–' : typeof value === 'string' ? value : isTime(column.type) ? date(value) : measure(value)
  const q = column.quantiles
  return (
    <section className={card.card}>
      <header>
        <b className="clip">{column.name}</b>
        <span className="muted">
          {column.form && column.form.share > 0.5 ? `${column.form.is.replaceAll('_', ' ')}, ` : ''}
          {column.type}
        </span>
      </header>
      <Distribution column={column} show={show} />
      <dl className={`${card.numbers} ${classes.numbers}`}>
        <Measured
          name="missing"
          value={percent(column.missing / Math.max(1, rows))}
          definition="Share of rows without a value."
          samples={rows}
          bad={column.missing > 0}
        />
        <Measured
          name="distinct"
          value={count(column.distinct)}
          definition="Different values, estimated within about 1 %."
          samples={column.count}
        />
        {column.mean !== null && !isTime(column.type) && (
          <Measured
            name="mean"
            value={measure(column.mean)}
            definition="Arithmetic mean of the values."
            samples={column.count}
            facts={{ 'Standard deviation': measure(column.deviation) }}
          />
        )}
        {column.lengths && (
          <Measured
            name="length"
            value={
              column.lengths.min === column.lengths.max
                ? count(column.lengths.min)
                : `${count(column.lengths.min)} – ${count(column.lengths.max)}`
            }
            definition="Characters of the texts, the shortest and the longest."
            samples={column.count}
            facts={{
              Mean: measure(column.lengths.mean),
              ...Object.fromEntries(
                (column.patterns ?? []).slice(0, 5).map((one) => [one.pattern, percent(one.share)]),
              ),
            }}
          />
        )}
        {q && !isTime(column.type) && (
          <Measured
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

const Measured = ({
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
