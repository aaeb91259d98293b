import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useLocation } from 'wouter'
import { scoresQuery } from '../../../api/monitoring.ts'
import type { Alert, Score } from '../../../api/types.ts'
import { LinePlot, type Series } from '../../../charts/line-plot.tsx'
import { Choice } from '../../../components/choice.tsx'
import { Empty } from '../../../components/empty.tsx'
import { Load } from '../../../components/load.tsx'
import { Panel } from '../../../components/panel.tsx'
import { useQueryState } from '../../../components/use-query-state.ts'
import { count } from '../../../format/number.ts'
import { useProject, useProjectPath } from '../../../shell/project-context.tsx'
import { answeredScores } from '../answered-scores.ts'
import { firstMetric, metricName } from './metric-names.ts'

/** Realised performance window by window with its interval, the band that the reference lets expect, and the estimate that needs no labels. */
export function OverTime({
  endpoint,
  alerts,
  actuals,
  revision,
  from,
}: {
  endpoint: string
  alerts: Alert[]
  actuals: boolean
  revision: number
  /** windows that end before it are not shown */
  from: number
}) {
  const project = useProject()
  const to = useProjectPath()
  const [, go] = useLocation()
  const [wanted, setMetric] = useQueryState('metric')
  // while none is chosen the plot follows whichever answered
  const [wantedRevision] = useQueryState('revision')
  const scores = useQuery(scoresQuery(project, endpoint, { monitor: 'performance' }))
  const estimates = useQuery(scoresQuery(project, endpoint, { monitor: 'estimated-performance' }))
  return (
    <Load query={scores}>
      {({ items }) => {
        const metrics = [
          ...new Set([...items, ...(estimates.data?.items ?? [])].map(({ monitor }) => monitor.split('.')[1]!)),
        ]
        const metric = metrics.includes(wanted) ? wanted : firstMetric(metrics)
        return (
          <Panel
            title={
              metric
                ? `${items.some(({ monitor }) => monitor === `performance.${metric}`) ? 'Realised' : 'Estimated'} ${metricName(metric)}`
                : 'Performance'
            }
            note="by the end of each window, event time"
            actions={
              metrics.length > 1 && (
                <Choice
                  label="Metric"
                  value={metric ?? ''}
                  onChange={setMetric}
                  options={metrics.map((name) => ({ value: name, text: metricName(name) }))}
                />
              )
            }
          >
            {metric ? (
              <Plot
                scores={[...items, ...(estimates.data?.items ?? [])].filter(({ windowEnd }) => windowEnd > from)}
                metric={metric}
                revision={wantedRevision === '' ? undefined : revision}
                alerts={alerts.filter(({ family }) => family === 'performance')}
                onAlert={(id) => go(to('alerts', id))}
              />
            ) : actuals ? (
              <Empty title="No window is complete yet" compact>
                Its days have to be over, and enough of their predictions need their actual.
              </Empty>
            ) : (
              <Empty title="No actual has come yet" compact>
                Send what really happened, by prediction id: <code>POST …/endpoints/{endpoint}/actuals</code>.
              </Empty>
            )}
          </Panel>
        )
      }}
    </Load>
  )
}

function Plot({
  scores,
  metric,
  revision,
  alerts,
  onAlert,
}: {
  scores: Score[]
  metric: string
  revision: number | undefined
  alerts: Alert[]
  onAlert(id: number): void
}) {
  const plot = useMemo(() => {
    const realised = answeredScores(
      scores.filter(({ monitor }) => monitor === `performance.${metric}`),
      revision,
    )
    const estimated = answeredScores(
      scores.filter(({ monitor }) => monitor === `estimated-performance.${metric}`),
      revision,
    )
    const x = [...new Set([...realised, ...estimated].map(({ windowEnd }) => windowEnd))].sort((a, b) => a - b)
    const at = (list: Score[]) => {
      const byEnd = new Map(list.map((score) => [score.windowEnd, score]))
      return x.map((end) => byEnd.get(end))
    }
    const real = at(realised)
    const guess = at(estimated)
    const series: Series[] = [
      {
        name: `realised ${metricName(metric)}`,
        y: real.map((score) => score?.value ?? null),
        low: real.map((score) => score?.low ?? null),
        high: real.map((score) => score?.high ?? null),
        marked: real.map((score) => score?.state === 'violation'),
        note: (i) =>
          real[i] &&
          `${count(real[i].samples)} predictions with their actual, revision ${real[i].revision}${real[i].state === 'violation' ? ': violation' : ''}`,
      },
      ...(estimated.length > 0
        ? [
            {
              name: 'estimated without labels',
              y: guess.map((score) => score?.value ?? null),
              low: guess.map((score) => score?.low ?? null),
              high: guess.map((score) => score?.high ?? null),
              dashed: true,
              note: (i: number) =>
                guess[i] && `${count(guess[i].samples)} predictions; expected if scores are calibrated`,
            },
          ]
        : []),
    ]
    const lows = real.map((score) => score?.thresholdLow ?? null)
    const highs = real.map((score) => score?.thresholdHigh ?? null)
    const has = (values: (number | null)[]) => values.some((value) => value !== null)
    const band =
      has(lows) || has(highs)
        ? {
            ...(has(lows) ? { low: lows } : {}),
            ...(has(highs) ? { high: highs } : {}),
            text: has(lows) && has(highs) ? 'ordinary by the reference' : 'threshold by the reference',
          }
        : undefined
    const changes = real.flatMap((score, i) => {
      const before = real.slice(0, i).findLast(Boolean)
      return score && before && score.revision !== before.revision
        ? [{ x: score.windowEnd, text: `revision ${score.revision}`, tone: 'accent' as const }]
        : []
    })
    return { x, series, band, changes }
  }, [scores, metric, revision])
  if (!plot.series.some(({ y }) => y.some((value) => value !== null)))
    return (
      <Empty title="No window has enough actuals yet" compact>
        A window is measured from a number of predictions with their actual on; the monitors’ <code>min_rows</code> says
        from how many.
      </Empty>
    )
  const markers = [
    ...plot.changes,
    ...alerts.map((alert) => ({ x: alert.firstWindowEnd, text: `alert ${alert.id}`, tone: 'bad' as const })),
  ]
  return (
    <LinePlot
      label={`${metric} over time`}
      x={plot.x}
      time
      height={300}
      series={plot.series}
      band={plot.band}
      markers={markers}
      onPick={(i) => {
        const end = plot.x[i]!
        const alert = alerts.find((one) => end >= one.firstWindowEnd && end <= one.lastWindowEnd)
        if (alert) onAlert(alert.id)
      }}
    />
  )
}
