import { useEffect, useMemo, useRef, useState } from 'react'
import type { RunDetail } from '../../../api/types.ts'
import { Choice } from '../../../components/choice.tsx'
import { Empty } from '../../../components/empty.tsx'
import { FilterField } from '../../../components/filter-field.tsx'
import { Panel } from '../../../components/panel.tsx'
import { useQueryState } from '../../../components/use-query-state.ts'
import { count } from '../../../format/number.ts'
import { ChartControls } from '../charts/chart-controls.tsx'
import { MetricChart } from '../charts/metric-chart.tsx'
import { useChartSettings } from '../charts/use-chart-settings.ts'
import { LatestValue } from './metric-value.tsx'
import classes from './run.module.css'

type Latest = RunDetail['latest'][number]

const mostTogether = 12

/** A chart for each metric of the run, or one for all that fit the filter. */
export default function MetricsTab({ run, metrics, what }: { run: RunDetail; metrics: Latest[]; what: string }) {
  const settings = useChartSettings()
  const [filter, setFilter] = useQueryState('metrics')
  const [layout, setLayout] = useQueryState('layout', 'each')
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  const found = metrics.filter(({ key }) => words.every((word) => key.toLowerCase().includes(word)))
  const going = run.status === 'RUNNING'
  if (metrics.length === 0)
    return (
      <Panel>
        <Empty
          title={`No ${what} was logged`}
          icon="runs"
          command={
            what === 'metric' ? 'mlflow.log_metric("loss", 0.1, step=1)' : 'mlflow.enable_system_metrics_logging()'
          }
        />
      </Panel>
    )
  return (
    <Panel
      filter={
        <FilterField value={filter} onChange={setFilter} placeholder={`Filter of ${count(metrics.length)} metrics`} />
      }
      actions={
        <>
          <ChartControls settings={settings} />
          <Choice
            label="Charts"
            value={layout}
            onChange={setLayout}
            options={[
              { value: 'each', text: 'one each' },
              { value: 'together', text: 'together', title: `The first ${mostTogether} in one chart` },
            ]}
          />
        </>
      }
    >
      {found.length === 0 ? (
        <Empty title="No metric fits" compact />
      ) : layout === 'together' ? (
        <MetricChart
          label="All metrics"
          height={420}
          going={going}
          settings={settings}
          curves={found.slice(0, mostTogether).map(({ key }) => ({ run: run.id, key, name: key }))}
        />
      ) : (
        <div className={classes.plots}>
          {found.map((metric) => (
            <OneMetric
              key={metric.key}
              run={run}
              metric={metric}
              going={going}
              settings={settings}
              height={found.length <= 2 ? 320 : 170}
            />
          ))}
        </div>
      )}
    </Panel>
  )
}

function OneMetric({
  run,
  metric,
  going,
  settings,
  height,
}: {
  run: RunDetail
  metric: Latest
  height: number
  going: boolean
  settings: ReturnType<typeof useChartSettings>
}) {
  const { ref, seen } = useSeen()
  const curves = useMemo(() => [{ run: run.id, key: metric.key, name: metric.key }], [run.id, metric.key])
  return (
    <div ref={ref}>
      <h3>
        <span className="clip" title={metric.key}>
          {metric.key}
        </span>
        <LatestValue metric={metric} />
      </h3>
      {seen ? (
        <MetricChart
          label={`${metric.key} by ${settings.by}`}
          height={height}
          going={going}
          settings={settings}
          curves={curves}
        />
      ) : (
        <div style={{ height: height + 16 }} />
      )}
    </div>
  )
}

/** Whether an element has come into view; a chart is fetched and drawn only then. */
function useSeen() {
  const ref = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState(false)
  useEffect(() => {
    if (seen || !ref.current) return
    const observer = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && setSeen(true),
      { rootMargin: '200px' },
    )
    observer.observe(ref.current)
    return () => observer.disconnect()
  }, [seen])
  return { ref, seen }
}
