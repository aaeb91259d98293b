import { Button } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { metricQuery } from '../../api/tracking.ts'
import type { RunSummary } from '../../api/types.ts'
import { LinePlot } from '../../charts/line-plot.tsx'
import { Choice, Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { useProject } from '../../shell/project-context.tsx'
import { alignHistories } from './align-histories.ts'

/** One metric of several runs over its steps, or over the time since each run's first point. */
export function MetricPanel({
  runs,
  metrics,
  onClear,
}: {
  runs: RunSummary[]
  metrics: string[]
  onClear?: () => void
}) {
  const project = useProject()
  const [metric, setMetric] = useQueryState('metric', metrics[0] ?? '')
  const [by, setBy] = useQueryState('by', 'step')
  const histories = useQueries({
    queries: runs.map((run) => ({ ...metricQuery(project, run.id, metric), enabled: metric !== '' })),
  })
  const { x, lines } = alignHistories(
    histories.map((history) => history.data?.points ?? []),
    by === 'time' ? 'time' : 'step',
  )
  return (
    <Panel
      title="Metric"
      note={`${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`}
      actions={
        <>
          <Select
            label=""
            value={metric}
            onChange={setMetric}
            options={metrics.map((key) => ({ value: key, text: key }))}
          />
          <Choice label="Horizontal axis" value={by} onChange={setBy} options={['step', 'time']} />
          {onClear && (
            <Button variant="subtle" color="gray" onClick={onClear}>
              Clear
            </Button>
          )}
        </>
      }
    >
      {x.length === 0 ? (
        <Empty
          title={histories.some((history) => history.isLoading) ? 'Loading …' : 'These runs have no such metric'}
          compact
        />
      ) : (
        <LinePlot
          label={`${metric} by ${by}`}
          x={x}
          xLabel={by === 'time' ? 'seconds' : 'step'}
          series={runs.map((run, i) => ({ name: run.name, y: lines[i] ?? [] }))}
        />
      )}
    </Panel>
  )
}
