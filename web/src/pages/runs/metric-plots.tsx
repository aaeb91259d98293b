import { useQueries } from '@tanstack/react-query'
import { metricQuery } from '../../api/tracking.ts'
import type { RunDetail } from '../../api/types.ts'
import { LinePlot } from '../../charts/line-plot.tsx'
import { Choice } from '../../components/choice.tsx'
import { Explained } from '../../components/explained.tsx'
import { Facts } from '../../components/facts.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { measure } from '../../format/number.ts'
import { dateTime } from '../../format/time.ts'
import { useProject } from '../../shell/project-context.tsx'
import { alignHistories } from './align-histories.ts'
import classes from './runs.module.css'

const maxPlots = 12

/** The latest values as numbers; metrics with a history as plots. */
export function MetricPlots({ run }: { run: RunDetail }) {
  const project = useProject()
  const [by, setBy] = useQueryState('by', 'step')
  const grown = run.latest.filter(({ step }) => step > 0).slice(0, maxPlots)
  const histories = useQueries({ queries: grown.map(({ key }) => metricQuery(project, run.id, key)) })
  return (
    <>
      <Facts
        items={Object.fromEntries(
          run.latest.map((metric) => [
            metric.key,
            <Explained
              key={metric.key}
              definition={`The latest value of ${metric.key} as the run logged it.`}
              facts={{ Step: metric.step, Logged: `${dateTime(metric.time)} UTC` }}
            >
              {measure(metric.value)}
            </Explained>,
          ]),
        )}
      />
      {grown.length > 0 && (
        <>
          <div style={{ margin: '14px 0 8px' }}>
            <Choice label="Horizontal axis" value={by} onChange={setBy} options={['step', 'time']} />
          </div>
          <div className={classes.plots}>
            {grown.map((metric, i) => {
              const { x, lines } = alignHistories([histories[i]?.data?.points ?? []], by === 'time' ? 'time' : 'step')
              return (
                <div key={metric.key}>
                  <h3>{metric.key}</h3>
                  <LinePlot
                    label={`${metric.key} by ${by}`}
                    x={x}
                    height={150}
                    xLabel={by === 'time' ? 'seconds' : 'step'}
                    series={[{ name: metric.key, y: lines[0] ?? [] }]}
                  />
                </div>
              )
            })}
          </div>
        </>
      )}
    </>
  )
}
