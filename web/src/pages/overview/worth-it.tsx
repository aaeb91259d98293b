import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'wouter'
import { performanceQuery, revisionComparisonQuery } from '../../api/monitoring.ts'
import { releasesQuery } from '../../api/serving.ts'
import type { Endpoint, RevisionComparison } from '../../api/types.ts'
import { useChartColours } from '../../charts/chart-colours.ts'
import { Intervals } from '../../charts/intervals.tsx'
import { LinePlot } from '../../charts/line-plot.tsx'
import { Choice } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { Explained } from '../../components/explained.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count, measure } from '../../format/number.ts'
import { date } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { championLine } from './champion-line.ts'
import classes from './worth-it.module.css'

const titles: Record<string, string> = { log_loss: 'log loss', brier: 'Brier', auc: 'AUC', mae: 'MAE', rmse: 'RMSE' }

/** Was retraining worth it: the champion of each week against the first revision, which was never retrained. */
export function WorthIt({ endpoint }: { endpoint: Endpoint }) {
  const project = useProject()
  const to = useProjectPath()
  const performance = useQuery(performanceQuery(project, endpoint.name))
  const [wanted, setMetric] = useQueryState('metric')
  return (
    <Load query={performance}>
      {({ task, items }) => {
        const metrics = task === 'binary' ? ['log_loss', 'brier', 'auc'] : ['mae', 'rmse']
        const metric = metrics.includes(wanted) ? wanted : metrics[0]!
        return (
          <Panel
            title="Champion against “never retrained”"
            note={`${titles[metric]} by week of event time, ${metric === 'auc' ? 'higher' : 'lower'} is better; bands are 95 % intervals`}
            actions={
              <Choice
                label="Metric"
                value={metric}
                onChange={setMetric}
                options={metrics.map((value) => ({ value, text: titles[value] ?? value }))}
              />
            }
          >
            {items.some((point) => point.actuals > 0) ? (
              <Comparison endpoint={endpoint} metric={metric} points={items} />
            ) : (
              <Empty title="No actual has come yet" compact>
                When it is known what really happened, the champion is compared here with the first revision of{' '}
                <Link href={to('endpoints', endpoint.name)}>{endpoint.name}</Link>, which <code>keepShadow</code> keeps
                predicting.
              </Empty>
            )}
          </Panel>
        )
      }}
    </Load>
  )
}

function Comparison({
  endpoint,
  metric,
  points,
}: {
  endpoint: Endpoint
  metric: string
  points: Parameters<typeof championLine>[0]
}) {
  const project = useProject()
  const releases = useQuery(releasesQuery(project, endpoint.name)).data?.items
  const line = useMemo(() => championLine(points, metric, releases ?? []), [points, metric, releases])
  const colours = useChartColours()
  const compared = useQuery({
    ...revisionComparisonQuery(project, endpoint.name, {
      first: line.first,
      second: line.last,
      ...(line.since === undefined ? {} : { from: line.since }),
    }),
    enabled: line.first !== line.last,
  })
  const has = line.champion.some((value, i) => value !== null && line.never[i] !== null)
  return (
    <div className={classes.layout}>
      <div className={classes.plots}>
        <LinePlot
          label={`${metric} of the champion and of the first revision`}
          x={line.x}
          time
          height={250}
          series={[
            {
              name: 'champion',
              y: line.champion.map((one) => one?.value ?? null),
              low: line.champion.map((one) => one?.low ?? null),
              high: line.champion.map((one) => one?.high ?? null),
              note: (i) =>
                line.champion[i] &&
                `revision ${line.revisions[i]}, ${count(line.champion[i].n)} predictions with their actual`,
            },
            ...(has && line.first !== line.last
              ? [
                  {
                    name: `never retrained (revision ${line.first})`,
                    y: line.never.map((one) => one?.value ?? null),
                    low: line.never.map((one) => one?.low ?? null),
                    high: line.never.map((one) => one?.high ?? null),
                    dashed: true,
                    note: (i: number) => line.never[i] && `${count(line.never[i].n)} predictions with their actual`,
                  },
                ]
              : []),
          ]}
          legend
          markers={line.changes.map(({ x, revision }) => ({
            x,
            text: `revision ${revision}`,
            tone: 'accent' as const,
          }))}
        />
        {has && line.first !== line.last && (
          <LinePlot
            label={`${metric} of the champion less that of the first revision`}
            x={line.x}
            time
            height={120}
            legend
            series={[
              {
                name: `champion less never retrained, ${metric === 'auc' ? 'above' : 'below'} zero is better`,
                y: line.champion.map((one, i) =>
                  one && line.never[i] && line.revisions[i] !== line.first ? one.value - line.never[i].value : null,
                ),
                note: () => 'by week without an interval; over all weeks it is beside',
              },
              { name: 'no difference', y: line.x.map(() => 0), dashed: true, colour: colours.reference },
            ]}
          />
        )}
      </div>
      <div className={classes.side}>
        {line.first === line.last ? (
          <p className="muted">
            Revision {line.first} is the only one so far: nothing has been retrained, so there is nothing to compare.
          </p>
        ) : (
          <Load query={compared}>{(answer) => <Differences answer={answer} />}</Load>
        )}
      </div>
    </div>
  )
}

function Differences({ answer }: { answer: RevisionComparison }) {
  const known = Object.entries(answer.differences).flatMap(([metric, difference]) =>
    difference ? [{ metric, ...difference }] : [],
  )
  if (known.length === 0)
    return <p className="muted">Too few predictions that both revisions made and whose actual is known.</p>
  return (
    <>
      <h3>
        Revision {answer.second} less revision {answer.first}
      </h3>
      <p className="muted">
        on the same{' '}
        <Explained
          definition="Predictions that both revisions made for the same request, with the actual known: the difference is paired row by row, which takes out what both find hard."
          samples={answer.rows}
          facts={{ Since: date(answer.start) }}
        >
          {count(answer.rows)} rows
        </Explained>
      </p>
      {known.map((one, i) => {
        const better = one.metric === 'auc' ? one.difference > 0 : one.difference < 0
        const sure = one.low > 0 || one.high < 0
        return (
          <div key={one.metric} className={classes.difference}>
            <Intervals
              label={`Difference in ${one.metric}`}
              zero={i === 0 ? 'no difference' : ''}
              rows={[
                {
                  name: titles[one.metric] ?? one.metric.replace('_', ' '),
                  value: one.difference,
                  low: one.low,
                  high: one.high,
                  tone: sure ? (better ? 'good' : 'bad') : 'muted',
                },
              ]}
            />
            <div className="muted">
              {measure(one.first, 3)} → {measure(one.second, 3)}:{' '}
              {sure ? (better ? 'better' : 'worse') : 'not told apart'}
            </div>
          </div>
        )
      })}
    </>
  )
}
