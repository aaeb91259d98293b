import { useQuery } from '@tanstack/react-query'
import { comparisonQuery } from '../../api/monitoring.ts'
import type { FeatureComparison, Score } from '../../api/types.ts'
import { CategoryBars, Histogram } from '../../charts/histogram.tsx'
import { LinePlot } from '../../charts/line-plot.tsx'
import { Explained } from '../../components/explained.tsx'
import { Facts } from '../../components/facts.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { count, measure, percent } from '../../format/number.ts'
import { eventWindow } from '../../format/time.ts'
import { useProject } from '../../shell/project-context.tsx'
import { thresholdText } from './family-tiles.tsx'
import classes from './monitoring.module.css'
import { definitionFacts, stateText, stateWord } from './score-explanation.ts'

/** One feature in one window beside the reference, and its distance over all windows. */
export function FeatureView({ endpoint, score, history }: { endpoint: string; score: Score; history: Score[] }) {
  const project = useProject()
  const comparison = useQuery(
    comparisonQuery(project, endpoint, {
      feature: score.feature,
      from: score.windowStart,
      to: score.windowEnd,
      revision: score.revision,
    }),
  )
  const name = score.feature.replace('$', '')
  return (
    <>
      <Panel
        title={
          <>
            {name}, {eventWindow({ from: score.windowStart, to: score.windowEnd })}{' '}
            <StateBadge state={score.state} text={stateWord(score.state)} hint={stateText(score)} />
          </>
        }
        note={
          score.value !== null && (
            <Explained
              definition={`${String(score.definition.metric ?? 'Distance')} of this window from the reference; 0 for the same distribution.`}
              samples={score.samples}
              interval={[score.low, score.high]}
              facts={{
                Threshold: thresholdText(score.thresholdLow, score.thresholdHigh),
                ...definitionFacts(score.definition),
              }}
            >
              {measure(score.value)} {score.thresholdHigh === null ? '' : `of ${measure(score.thresholdHigh)}`}
            </Explained>
          )
        }
      >
        <Load query={comparison}>{(answer) => <Compare comparison={answer} />}</Load>
      </Panel>
      {history.length > 2 && (
        <Panel title={`Distance of ${name} over time`}>
          <LinePlot
            label={`Distance of ${name}`}
            x={history.map(({ windowEnd }) => windowEnd)}
            time
            height={160}
            series={[
              {
                name: 'distance',
                y: history.map(({ value }) => value),
                marked: history.map(({ state }) => state === 'violation'),
                note: (i) =>
                  `${count(history[i]!.samples)} samples, revision ${history[i]!.revision}: ${stateText(history[i]!)}`,
              },
            ]}
            band={{ high: history.map(({ thresholdHigh }) => thresholdHigh), text: 'threshold by the reference' }}
          />
        </Panel>
      )}
    </>
  )
}

export function Compare({ comparison }: { comparison: FeatureComparison }) {
  const { current, against, edges, categories, type } = comparison
  const share = (counts: number[] | undefined, i: number) => {
    const total = counts?.reduce((sum, one) => sum + one, 0) ?? 0
    return total > 0 ? counts![i]! / total : 0
  }
  const labels =
    type === 'categorical'
      ? categories
      : current.counts.map((_, i) =>
          i === 0
            ? `up to ${measure(edges[0])}`
            : i === edges.length
              ? `over ${measure(edges.at(-1))}`
              : `${measure(edges[i - 1])} to ${measure(edges[i])}`,
        )
  const bins = labels.map((label, i) => ({
    label: label === '…' ? '… all others' : label,
    value: share(current.counts, i),
    ...(against ? { against: share(against.counts, i) } : {}),
  }))
  const names: [string, string] = ['window', 'reference']
  return (
    <>
      {type === 'categorical' ? (
        <CategoryBars
          label="Categories of the window beside the reference"
          bins={bins}
          shares
          names={names}
          limit={16}
        />
      ) : (
        <Histogram
          label="Distribution of the window beside the reference"
          bins={bins}
          shares
          names={names}
          height={150}
          axis={[measure(current.minimum ?? edges[0]), measure(current.maximum ?? edges.at(-1))]}
        />
      )}
      <div className={classes.sides}>
        {[current, against].map(
          (side, i) =>
            side && (
              <div key={side.label} className={classes.side} data-against={i === 1 || undefined}>
                <b>{side.label}</b>
                <Facts
                  items={{
                    Rows: count(side.rows),
                    Missing: percent(side.missing / Math.max(1, side.rows + side.missing)),
                    Mean: side.mean === null ? null : measure(side.mean),
                    Deviation: side.deviation === null ? null : measure(side.deviation),
                    Median: side.quantiles ? measure(side.quantiles.p50) : null,
                    '5 % to 95 %': side.quantiles
                      ? `${measure(side.quantiles.p05, 3)} to ${measure(side.quantiles.p95, 3)}`
                      : null,
                  }}
                />
              </div>
            ),
        )}
      </div>
      <div className={classes.distances}>
        {Object.entries(comparison.distances).map(([metric, value]) => (
          <span key={metric}>
            <span className="muted">{metric.replaceAll('-', ' ')}</span>{' '}
            <span className="number">{value === null ? 'too few rows' : measure(value)}</span>
          </span>
        ))}
      </div>
    </>
  )
}
