import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import { useLocation } from 'wouter'
import { ApiError } from '../../api/client.ts'
import { experimentsQuery, type RunFilter, runColumnsQuery } from '../../api/tracking.ts'
import { Choice, Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { Failure } from '../../components/failure.tsx'
import { Page } from '../../components/page.tsx'
import { Lines } from '../../components/page-skeleton.tsx'
import { Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count } from '../../format/number.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { FilterError, RunFilterField } from './filter/run-filter.tsx'
import { Grid } from './grid/grid.tsx'
import { pythonSnippet } from './python-snippet.ts'
import { runFilter, runOrder } from './run-query.ts'
import { BulkBar } from './table/bulk-bar.tsx'
import { chosenColumns, moveColumn, readNames, writeNames } from './table/chosen-columns.ts'
import { type ColumnChoice, ColumnChooser } from './table/column-chooser.tsx'
import { ColumnMenu } from './table/column-menu.tsx'
import { GroupChoice } from './table/group-choice.tsx'
import { GroupTable } from './table/group-table.tsx'
import { type RunRow, runColumns } from './table/run-columns.tsx'
import { SavedViews } from './table/saved-views.tsx'
import classes from './table/table.module.css'
import { useRunRows } from './table/use-run-rows.ts'
import { useRunSelection } from './table/use-run-selection.ts'

const height = 'max(280px, calc(100vh - 218px))'
const newest = '-start_time'

export default function RunsPage() {
  const project = useProject()
  const to = useProjectPath()
  const [, go] = useLocation()
  const [text, setText] = useQueryState('filter')
  const [experiment, setExperiment] = useQueryState('experiment')
  const [sorted, setSorted] = useQueryState('sort', newest)
  const [view, setView] = useQueryState('view', 'active')
  const [chosen, setChosen] = useQueryState('columns')
  const [pins, setPins] = useQueryState('pin')
  const [grouped, setGrouped] = useQueryState('group')
  const [menu, setMenu] = useState<{ name: string; place: DOMRect }>()

  const experiments = useQuery(experimentsQuery(project))
  const known = useQuery(runColumnsQuery(project, experiment || undefined)).data?.items
  const filter = useMemo(
    (): RunFilter => ({
      filter: runFilter(text),
      experiment: experiment || undefined,
      order: runOrder(sorted),
      view: view === 'active' ? undefined : view,
    }),
    [text, experiment, sorted, view],
  )
  const names = useMemo(() => chosenColumns(chosen, known ?? []), [chosen, known])
  const pinned = useMemo(() => readNames(pins), [pins])
  const by = useMemo(() => readNames(grouped), [grouped])
  const rows = useRunRows(project, filter, names, pinned)
  const { ids, selection, clear } = useRunSelection(project, filter, rows.rowAt)
  const columns = useMemo(() => runColumns(names, pinned, to), [names, pinned, to])
  const choice: ColumnChoice = useMemo(
    () => ({
      shown: names,
      pinned,
      show: (next) => setChosen(writeNames(next)),
      pin: (next) => setPins(writeNames(next)),
      reset: () => {
        setChosen('')
        setPins('')
      },
    }),
    [names, pinned, setChosen, setPins],
  )
  const open = useCallback((row: RunRow) => go(to('runs', row.run.id)), [to, go])
  const openMenu = useCallback((name: string, place: DOMRect) => setMenu({ name, place }), [])
  const openGroup = (condition: string) => {
    const next = new URLSearchParams(location.search)
    next.delete('group')
    const before = runFilter(text)
    next.set('filter', before ? `(${before}) AND ${condition}` : condition)
    go(`${location.pathname}?${next}`)
  }
  const metrics = useMemo(
    () => names.filter((name) => name.startsWith('metrics.')).map((name) => name.slice(8)),
    [names],
  )
  const filtered = Boolean(text || experiment || view !== 'active')
  const wrongFilter = rows.error instanceof ApiError && rows.error.code === 'filter_invalid'

  return (
    <Page
      title="Runs"
      actions={
        <>
          <Select
            label="Experiment"
            value={experiment}
            onChange={setExperiment}
            options={[
              { value: '', text: 'all' },
              ...(experiments.data?.items ?? []).map(({ id, name, runs: number }) => ({
                value: id,
                text: `${name} (${count(number)})`,
              })),
            ]}
          />
          <Choice
            label="Which runs"
            value={view}
            onChange={setView}
            options={[
              { value: 'active', text: 'Active' },
              { value: 'deleted', text: 'Deleted', title: 'Runs that were deleted and can be restored' },
            ]}
          />
        </>
      }
    >
      <Panel
        flush
        filter={<RunFilterField value={text} onChange={setText} columns={known ?? []} wrong={wrongFilter} />}
        note={
          rows.error ? null : (
            <span role="status" aria-label="How many runs">
              {count(rows.total)} {filtered ? 'found' : rows.total === 1 ? 'run' : 'runs'}
            </span>
          )
        }
        actions={
          <>
            <GroupChoice columns={known ?? []} by={by} onChange={(next) => setGrouped(writeNames(next))} />
            <ColumnChooser columns={known ?? []} choice={choice} />
            <SavedViews />
          </>
        }
      >
        {wrongFilter && <FilterError filter={text} error={rows.error as ApiError} />}
        {rows.error && !wrongFilter ? (
          <Failure error={rows.error} retry={() => void rows.refetch()} />
        ) : rows.pending ? (
          <Lines count={8} />
        ) : rows.total === 0 && !wrongFilter ? (
          <Empty
            title={filtered ? 'No run fits' : 'No run yet'}
            icon="runs"
            command={filtered ? undefined : pythonSnippet(location.origin, project)}
          >
            {filtered ? (
              <Button variant="default" onClick={() => go(location.pathname)}>
                Show all runs
              </Button>
            ) : (
              <>
                Point MLflow's client here and log as usual, or start a pipeline: its steps log into runs by themselves.
              </>
            )}
          </Empty>
        ) : by.length > 0 ? (
          <GroupTable filter={filter} by={by} metrics={metrics} height={height} onOpen={openGroup} />
        ) : (
          <>
            {ids.size > 0 && (
              <BulkBar
                ids={[...ids]}
                deleted={view === 'deleted'}
                onCompare={() => go(`${to('runs', 'compare')}?runs=${[...ids].join(',')}`)}
                onClear={clear}
              />
            )}
            <div style={{ opacity: rows.stale || wrongFilter ? 0.6 : 1 }}>
              <Grid
                label="Runs"
                rowCount={rows.total}
                rowAt={rows.rowAt}
                columns={columns}
                height={height}
                sorted={sorted}
                onSort={setSorted}
                onMove={(moved, before) => choice.show(moveColumn(names, moved, before))}
                onMenu={openMenu}
                onView={rows.onView}
                onOpen={open}
                selection={selection}
              />
            </div>
            <ColumnMenu
              at={menu}
              choice={choice}
              onSort={setSorted}
              onGroup={(field) => setGrouped(writeNames([...by, field]))}
              onClose={() => setMenu(undefined)}
            />
          </>
        )}
      </Panel>
      <p className={classes.hint}>
        <kbd>/</kbd> filter · arrows and <kbd>Space</kbd> select, with <kbd>Shift</kbd> a range, <kbd>Ctrl A</kbd> all ·{' '}
        <kbd>Enter</kbd> opens · drag a head to move its column
      </p>
    </Page>
  )
}
