import { useMemo } from 'react'
import type { PerformanceCurves } from '../../../api/types.ts'
import { Histogram } from '../../../charts/histogram.tsx'
import { Scatter } from '../../../charts/scatter.tsx'
import { Explained } from '../../../components/explained.tsx'
import { Columns, Panel } from '../../../components/panel.tsx'
import { useQueryState } from '../../../components/use-query-state.ts'
import { count, measure } from '../../../format/number.ts'
import { RowsBehind } from '../rows-behind.tsx'

type Found = NonNullable<PerformanceCurves['residuals']>

/** Predicted against actual values, and what is left: where it lies, how it spreads, over the range of predictions. */
export function Residuals({
  endpoint,
  curves,
  residuals,
}: {
  endpoint: string
  curves: PerformanceCurves
  residuals: Found
}) {
  const [bar, setBar] = useQueryState('bar')
  const { histogram, parts, points, n } = residuals
  const { edges, counts } = histogram
  const last = counts.length - 1
  const label = (i: number) =>
    i === 0
      ? `up to ${measure(edges[1], 3)}`
      : i === last
        ? `over ${measure(edges[last], 3)}`
        : `${measure(edges[i], 3)} to ${measure(edges[i + 1], 3)}`
  const picked = bar === '' ? undefined : Number(bar)
  const actual = useMemo(
    () => ({
      points: points.map(({ predicted, actual }) => ({ x: predicted, y: actual })),
      line: parts.map((one) => ({ x: one.predicted, y: one.actual, low: one.low, high: one.high })),
    }),
    [points, parts],
  )
  const rest = useMemo(
    () => ({
      points: points.map(({ predicted, actual }) => ({ x: predicted, y: predicted - actual })),
      line: parts.map(({ predicted, residual }) => ({
        x: predicted,
        y: residual.p50,
        low: residual.p05,
        high: residual.p95,
      })),
    }),
    [points, parts],
  )
  const sample = `${count(points.length)} of ${count(curves.actuals)} predictions with their actual`
  return (
    <>
      <Columns wide>
        <Panel
          title={
            <Explained
              definition="Each point is a prediction with what came true; on the dashed line they are the same. The line joins the means of tenths of the rows by prediction, with their 95 % interval."
              samples={n}
            >
              Predicted and actual
            </Explained>
          }
          note={sample}
        >
          <Scatter
            label="Actual over predicted values"
            xName="predicted"
            yName="actual"
            lineName="mean of a tenth of the rows"
            reference="diagonal"
            {...actual}
          />
        </Panel>
        <Panel
          title={
            <Explained
              definition="Prediction less actual, over the prediction. The line is the middle of tenths of the rows by prediction, the band holds nine in ten of them."
              samples={n}
            >
              Residuals
            </Explained>
          }
          note="predicted − actual"
        >
          <Scatter
            label="Residuals over predicted values"
            xName="predicted"
            yName="predicted − actual"
            lineName="middle of a tenth of the rows, and nine in ten of them"
            reference="zero"
            {...rest}
          />
        </Panel>
      </Columns>
      <Panel
        title="How residuals are distributed"
        note={`predicted − actual of ${count(n)} rows; click a bar for its rows`}
      >
        <Histogram
          label="Distribution of residuals"
          bins={counts.map((rows, i) => ({ label: label(i), value: rows }))}
          height={130}
          axis={[label(0), label(last)]}
          onPick={(i) => setBar(bar === String(i) ? '' : String(i))}
          selected={picked}
        />
      </Panel>
      {picked !== undefined && counts[picked] !== undefined && (
        <RowsBehind
          key={bar}
          endpoint={endpoint}
          title={`residuals ${label(picked)}`}
          question={{
            revision: curves.revision,
            from: curves.start,
            to: curves.end,
            ...(curves.segment ? { segment: curves.segment } : {}),
            ...(picked > 0 ? { residual_above: edges[picked] } : {}),
            ...(picked < last ? { residual_up_to: edges[picked + 1] } : { residual_above: edges[last] }),
          }}
          onClose={() => setBar('')}
        />
      )}
    </>
  )
}
