import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { performanceWindowsQuery, type ViewQuestion } from '../../../api/monitoring-views.ts'
import type { PerformanceWindows } from '../../../api/types.ts'
import { LinePlot } from '../../../charts/line-plot.tsx'
import { Choice } from '../../../components/choice.tsx'
import { Empty } from '../../../components/empty.tsx'
import { Explained } from '../../../components/explained.tsx'
import { Load } from '../../../components/load.tsx'
import { Panel } from '../../../components/panel.tsx'
import { useQueryState } from '../../../components/use-query-state.ts'
import { count } from '../../../format/number.ts'
import { segmentText } from '../../../format/segment.ts'
import { useProject } from '../../../shell/project-context.tsx'
import { metricName } from './metric-names.ts'

/** A segment's realised performance beside its estimate, and where the reference's own rows of the segment lie. */
export function SegmentOverTime({
  endpoint,
  question,
  segment,
}: {
  endpoint: string
  question: ViewQuestion
  segment: string
}) {
  const found = useQuery(performanceWindowsQuery(useProject(), endpoint, question))
  const [wanted, setMetric] = useQueryState('metric')
  return (
    <Load query={found}>
      {(answer) => {
        const known = answer.metrics.filter(({ name }) =>
          answer.windows.some(({ realised, estimated }) => realised[name] || estimated[name]),
        )
        const metric = known.find(({ name }) => name === wanted) ?? known[0]
        return (
          <Panel
            title={
              metric ? (
                <Explained definition={metric.formula} facts={{ Estimate: answer.estimation }}>
                  {metric.title} of {segmentText(segment)}
                </Explained>
              ) : (
                `Performance of ${segmentText(segment)}`
              )
            }
            note={`by the end of each window of ${answer.definition.window}, event time`}
            actions={
              known.length > 1 && (
                <Choice
                  label="Metric"
                  value={metric?.name ?? ''}
                  onChange={setMetric}
                  options={known.map(({ name }) => ({ value: name, text: metricName(name) }))}
                />
              )
            }
          >
            {metric ? (
              <Plot answer={answer} metric={metric.name} />
            ) : (
              <Empty title="Too few of these rows" compact>
                A window of a segment needs 30 predictions with their actual. Choose other rows, or a longer window.
              </Empty>
            )}
          </Panel>
        )
      }}
    </Load>
  )
}

function Plot({ answer, metric }: { answer: PerformanceWindows; metric: string }) {
  const plot = useMemo(() => {
    const { windows, reference } = answer
    const real = windows.map(({ realised }) => realised[metric] ?? null)
    const guess = windows.map(({ estimated }) => estimated[metric] ?? null)
    const ordinary = reference?.[metric]
    return {
      x: windows.map(({ end }) => end),
      series: [
        {
          name: 'realised',
          y: real.map((one) => one?.value ?? null),
          low: real.map((one) => one?.low ?? null),
          high: real.map((one) => one?.high ?? null),
          note: (i: number) => real[i] && `${count(real[i].n)} predictions with their actual`,
        },
        ...(guess.some(Boolean)
          ? [
              {
                name: 'estimated without labels',
                y: guess.map((one) => one?.value ?? null),
                low: guess.map((one) => one?.low ?? null),
                high: guess.map((one) => one?.high ?? null),
                dashed: true,
                note: (i: number) => guess[i] && `${count(guess[i].n)} predictions; expected if scores are calibrated`,
              },
            ]
          : []),
      ],
      band: ordinary
        ? {
            low: windows.map(() => ordinary.low),
            high: windows.map(() => ordinary.high),
            text: 'the whole reference, with its interval',
          }
        : undefined,
    }
  }, [answer, metric])
  return <LinePlot label={`${metric} over time`} time height={300} {...plot} />
}
