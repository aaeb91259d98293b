import { useQuery } from '@tanstack/react-query'
import { type RunFilter, runGroupsQuery } from '../../../api/tracking.ts'
import type { RunGroups } from '../../../api/types.ts'
import { Empty } from '../../../components/empty.tsx'
import { Load } from '../../../components/load.tsx'
import { Time } from '../../../components/time.tsx'
import { count, measure } from '../../../format/number.ts'
import { useProject } from '../../../shell/project-context.tsx'
import { quotedField, quotedValue } from '../filter/filter-completion.ts'
import { Grid, type GridColumn } from '../grid/grid.tsx'
import classes from './table.module.css'

type Group = RunGroups['items'][number]

const mostMetrics = 12

/** The filter that finds the runs of a group. */
const conditionOf = (field: string, value: string | null) => {
  const name = quotedField(field.replace(/^attributes\./, ''))
  return value === null ? `${name} IS NULL` : `${name} = ${quotedValue(value)}`
}

/** Groups of runs with how many there are and the statistics of their metrics; opening one lists its runs. */
export function GroupTable({
  filter,
  by,
  metrics,
  height,
  onOpen,
}: {
  filter: RunFilter
  by: readonly string[]
  metrics: readonly string[]
  height: string
  onOpen(condition: string): void
}) {
  const project = useProject()
  const asked = metrics.slice(0, mostMetrics)
  const groups = useQuery(runGroupsQuery(project, filter, by.join(','), [...asked]))
  const columns: GridColumn<Group>[] = [
    ...by.map((field, i) => ({
      key: field,
      head: field.replace(/^\w+\./, ''),
      title: field,
      width: 170,
      pinned: i === 0,
      cell: (group: Group) => group.values[i] ?? <span className="muted">none</span>,
      explain: (group: Group) => group.values[i] ?? 'runs that have none',
    })),
    { key: 'runs', head: 'Runs', width: 80, right: true, cell: (group) => count(group.runs) },
    { key: 'last', head: 'Last began', width: 110, cell: (group) => <Time at={group.lastStart} /> },
    ...asked.map((key) => ({
      key: `metrics.${key}`,
      head: key,
      title: `metric ${key}: mean, and least to most, of the latest values`,
      width: 200,
      right: true,
      cell: (group: Group) => {
        const one = group.metrics[key]
        if (!one) return <span className="muted">–</span>
        return (
          <>
            {measure(one.mean)}{' '}
            <span className={classes.range}>
              {measure(one.least, 3)} – {measure(one.most, 3)}
            </span>
          </>
        )
      },
      explain: (group: Group) => {
        const one = group.metrics[key]
        return (
          one &&
          `${key}: mean ${one.mean} of ${count(one.runs)} runs, least ${one.least}, most ${one.most}; values that are not numbers are left out`
        )
      },
    })),
  ]
  return (
    <Load query={groups}>
      {({ items, total }) =>
        items.length === 0 ? (
          <Empty title="No run fits" icon="runs" />
        ) : (
          <>
            <Grid
              label="Groups of runs"
              rowCount={items.length}
              rowAt={(index) => items[index]}
              columns={columns}
              height={height}
              onOpen={(group) =>
                onOpen(by.map((field, i) => conditionOf(field, group.values[i] ?? null)).join(' AND '))
              }
            />
            {total > items.length && (
              <p className="muted" style={{ padding: '0 14px' }}>
                The largest {count(items.length)} of {count(total)} groups.
              </p>
            )}
          </>
        )
      }
    </Load>
  )
}
