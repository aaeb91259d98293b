import { useMemo } from 'react'
import { Link } from 'wouter'
import type { RunComparison, RunDetail } from '../../../api/types.ts'
import { FilterField } from '../../../components/filter-field.tsx'
import { Panel } from '../../../components/panel.tsx'
import { useQueryState } from '../../../components/use-query-state.ts'
import { count, measure } from '../../../format/number.ts'
import { useProjectPath } from '../../../shell/project-context.tsx'
import { Grid, type GridColumn } from '../grid/grid.tsx'
import classes from './compare.module.css'
import { type DifferenceRow, differenceRows } from './difference-rows.ts'

/** Params, metrics, code, environment and tags of the runs side by side; only what differs, unless asked otherwise. */
export function DifferenceTable({
  comparison,
  details,
  colours,
}: {
  comparison: RunComparison
  details: readonly (RunDetail | undefined)[]
  colours: string[]
}) {
  const to = useProjectPath()
  const [only, setOnly] = useQueryState('only', 'differences')
  const [find, setFind] = useQueryState('find')
  const rows = useMemo(() => differenceRows(comparison, details), [comparison, details])
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = rows.filter(
    (row) =>
      (only === 'all' || row.differs) &&
      words.every((word) => `${row.section} ${row.key}`.toLowerCase().includes(word)),
  )
  const columns = useMemo(
    (): GridColumn<DifferenceRow>[] => [
      {
        key: 'section',
        head: '',
        width: 96,
        pinned: true,
        cell: (row) => <span className="muted">{row.section}</span>,
      },
      { key: 'key', head: 'Key', width: 190, pinned: true, cell: (row) => row.key, explain: (row) => row.key },
      ...comparison.runs.map(
        (run, i): GridColumn<DifferenceRow> => ({
          key: run.id,
          head: (
            <Link href={to('runs', run.id)}>
              <i className={classes.dot} style={{ background: colours[i] }} />
              {run.name}
            </Link>
          ),
          title: run.name,
          width: 150,
          cell: (row) => {
            const value = row.values[i] ?? null
            if (value === null) return <span className="muted">–</span>
            return typeof value === 'number' ? measure(value) : value
          },
          explain: (row) => (row.values[i] == null ? undefined : `${row.key} of ${run.name}: ${row.values[i]}`),
        }),
      ),
    ],
    [comparison, colours, to],
  )
  return (
    <Panel
      flush
      filter={<FilterField value={find} onChange={setFind} placeholder="Find a key" />}
      note={`${count(shown.length)} of ${count(rows.length)} rows`}
      actions={
        <label className={classes.check}>
          <input
            type="checkbox"
            checked={only !== 'all'}
            onChange={(event) => setOnly(event.target.checked ? 'differences' : 'all')}
          />
          Only what differs
        </label>
      }
    >
      <Grid
        label="Differences"
        rowCount={shown.length}
        rowAt={(index) => shown[index]}
        columns={columns}
        height={`min(${40 + shown.length * 30}px, max(280px, calc(100vh - 250px)))`}
      />
      {shown.length === 0 && (
        <p className="muted" style={{ padding: '0 14px' }}>
          Nothing differs.
        </p>
      )}
    </Panel>
  )
}
