import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { datasetTimelineQuery } from '../../api/data.ts'
import type { TimelineEntry } from '../../api/types.ts'
import { LinePlot } from '../../charts/line-plot.tsx'
import { Choice } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { FilterField } from '../../components/filter-field.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count, measure, percent } from '../../format/number.ts'
import { useProject } from '../../shell/project-context.tsx'
import card from './column-card.module.css'
import classes from './profile-timeline.module.css'

type Shown = 'value' | 'missing' | 'distinct'

const mostColumns = 30
/** There is no version between two. */
const versionAt = (value: number) => (Number.isInteger(value) ? String(value) : '')

/** What the columns were like over the versions. */
export function ProfileTimeline({ dataset }: { dataset: string }) {
  const project = useProject()
  const timeline = useQuery(datasetTimelineQuery(project, dataset))
  const [filter, setFilter] = useQueryState('filter')
  const [what, setWhat] = useQueryState('of', 'value')
  return (
    <Load query={timeline}>
      {({ items }) =>
        items.length < 2 ? (
          <Panel>
            <Empty title="No history yet" compact>
              From the second version on, this page shows how each column has changed.
            </Empty>
          </Panel>
        ) : (
          <>
            <Panel title="Rows" note="of each version, and those it has quarantined">
              <Counts items={items} />
            </Panel>
            <div className={classes.choose}>
              <Choice<Shown>
                label="What is shown of a column"
                value={what as Shown}
                onChange={setWhat}
                options={[
                  {
                    value: 'value',
                    text: 'Values',
                    title: 'median and mean, in a band from the 5th to the 95th percentile',
                  },
                  { value: 'missing', text: 'Missing' },
                  { value: 'distinct', text: 'Distinct' },
                ]}
              />
              <FilterField value={filter} onChange={setFilter} placeholder="Filter columns" />
            </div>
            <Columns items={items} what={what as Shown} filter={filter} />
          </>
        )
      }
    </Load>
  )
}

function Counts({ items }: { items: TimelineEntry[] }) {
  const [x, series] = useMemo(
    () => [
      items.map(({ version }) => version),
      [
        { name: 'rows', y: items.map(({ rows }) => rows), marked: items.map(({ state }) => state === 'rejected') },
        { name: 'quarantined', y: items.map(({ quarantined }) => quarantined) },
      ],
    ],
    [items],
  )
  return (
    <LinePlot
      label="Rows over versions"
      x={x}
      xLabel="version"
      xFormat={versionAt}
      series={series}
      height={140}
      format={count}
      legend
    />
  )
}

function Columns({ items, what, filter }: { items: TimelineEntry[]; what: Shown; filter: string }) {
  const names = useMemo(
    () => [...new Set([...items].reverse().flatMap(({ columns }) => columns.map(({ name }) => name)))],
    [items],
  )
  const wanted = names.filter((name) => name.toLowerCase().includes(filter.toLowerCase()))
  const numeric = (name: string) =>
    items.some(({ columns }) =>
      columns.some((one) => one.name === name && one.quantiles !== null && !/date|time/.test(one.type)),
    )
  const shown = (what === 'value' ? wanted.filter(numeric) : wanted).slice(0, mostColumns)
  return (
    <>
      <div className={classes.columns}>
        {shown.map((name) => (
          <section key={name} className={card.card}>
            <b className="clip">{name}</b>
            <Column items={items} name={name} what={what} />
          </section>
        ))}
      </div>
      {shown.length === 0 && (
        <p className="muted">No column to show; texts have no median, look at Missing or Distinct.</p>
      )}
      {wanted.length > mostColumns && (
        <p className="muted">
          The first {mostColumns} of {wanted.length}; filter for others.
        </p>
      )}
    </>
  )
}

function Column({ items, name, what }: { items: TimelineEntry[]; name: string; what: Shown }) {
  const [x, series] = useMemo(() => {
    const found = items.map(({ columns }) => columns.find((one) => one.name === name))
    const y = (pick: (column: TimelineEntry['columns'][number]) => number | null | undefined) =>
      found.map((column) => (column ? (pick(column) ?? null) : null))
    return [
      items.map(({ version }) => version),
      what === 'value'
        ? [
            {
              name: 'median',
              y: y((one) => one.quantiles?.p50),
              low: y((one) => one.quantiles?.p05),
              high: y((one) => one.quantiles?.p95),
            },
            { name: 'mean', y: y((one) => one.mean), dashed: true },
          ]
        : [{ name: what, y: y((one) => one[what]) }],
    ]
  }, [items, name, what])
  const format = what === 'missing' ? percent : what === 'distinct' ? count : measure
  return (
    <LinePlot
      label={`${name} over versions`}
      x={x}
      xLabel="version"
      xFormat={versionAt}
      series={series}
      height={120}
      format={format}
    />
  )
}
