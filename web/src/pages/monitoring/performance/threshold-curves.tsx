import { useMemo } from 'react'
import type { PerformanceCurves } from '../../../api/types.ts'
import { LinePlot, type Marker, type Series } from '../../../charts/line-plot.tsx'
import { Explained } from '../../../components/explained.tsx'
import { Columns, Panel } from '../../../components/panel.tsx'
import { count, measure, percent } from '../../../format/number.ts'
import { nearest } from './threshold-counts.ts'

type Points = NonNullable<PerformanceCurves['thresholds']>

const unit: [number, number] = [0, 1]

/** ROC, precision and recall, gain, lift and reliability of a binary model, with the threshold marked in each. */
export function ThresholdCurves({
  curves,
  points,
  threshold,
}: {
  curves: PerformanceCurves
  points: Points
  threshold: number
}) {
  const plots = useMemo(() => {
    const column = (of: (point: Points[number]) => number | null) => points.map(of)
    const at =
      points[
        1 +
          nearest(
            points.slice(1).map((one) => one.threshold ?? Infinity),
            threshold,
          )
      ]!
    const marker = (x: number): Marker[] => [{ x, text: measure(threshold, 3), tone: 'accent' }]
    const note = (i: number) =>
      points[i]!.threshold === null ? 'nothing flagged' : `threshold ${measure(points[i]!.threshold, 3)}`
    const [fpr, tpr, depth] = [
      points.map((one) => one.falsePositiveRate),
      points.map((one) => one.truePositiveRate),
      points.map((one) => one.depth),
    ]
    const base = points.at(-1)!.precision
    return {
      roc: {
        x: fpr,
        series: [
          { name: 'the model', y: tpr, note },
          { name: 'chance', y: fpr, dashed: true, faint: true },
        ] satisfies Series[],
        markers: marker(at.falsePositiveRate),
      },
      pr: {
        x: tpr,
        series: [
          { name: 'the model', y: column((one) => one.precision), note },
          { name: 'chance', y: points.map(() => base), dashed: true, faint: true },
        ] satisfies Series[],
        markers: marker(at.truePositiveRate),
      },
      gain: {
        x: depth,
        series: [
          { name: 'the model', y: column((one) => one.gain), note },
          { name: 'chance', y: depth, dashed: true, faint: true },
        ] satisfies Series[],
        markers: marker(at.depth),
      },
      lift: {
        x: depth,
        series: [
          { name: 'the model', y: points.map((one) => (one.depth > 0 ? one.lift : null)), note },
          { name: 'chance', y: points.map(() => 1), dashed: true, faint: true },
        ] satisfies Series[],
        markers: marker(at.depth),
      },
    }
  }, [points, threshold])
  const common = { height: 200, xFormat: percent, format: percent, yRange: unit }
  return (
    <Columns>
      <Panel
        title={
          <Explained definition="Share of the positives found over share of the negatives wrongly flagged, at every threshold. The area under it is the chance that a positive has a higher score than a negative; the diagonal is chance.">
            ROC curve
          </Explained>
        }
        note={`recall over the share of negatives flagged; area ${measure(areaUnder(plots.roc.x, plots.roc.series[0]!.y as number[]), 3)}`}
      >
        <LinePlot label="ROC curve" xLabel="of the negatives flagged" {...common} {...plots.roc} />
      </Panel>
      <Panel
        title={
          <Explained definition="Of those flagged the share that is positive, over the share of the positives that is flagged, at every threshold. The dashed line is the share of positives: what chance has.">
            Precision over recall
          </Explained>
        }
        note={`of those flagged, the positive; average ${measure(curves.areaUnderPrecisionRecall, 3)}`}
      >
        <LinePlot label="Precision over recall" xLabel="recall" {...common} {...plots.pr} />
      </Panel>
      <Panel
        title={
          <Explained definition="Share of all positives that are among the rows with the highest scores, by how many of the rows are taken.">
            Gain
          </Explained>
        }
        note="positives found, by the share of the rows flagged"
      >
        <LinePlot label="Gain" xLabel="of the rows flagged" {...common} {...plots.gain} />
      </Panel>
      <Panel
        title={
          <Explained definition="How many times as many positives are among the rows with the highest scores as among as many rows taken by chance.">
            Lift
          </Explained>
        }
        note="times chance, by the share of the rows flagged"
      >
        <LinePlot
          label="Lift"
          xLabel="of the rows flagged"
          height={200}
          xFormat={percent}
          format={(value) => `${measure(value, 3)} ×`}
          {...plots.lift}
        />
      </Panel>
      {curves.reliability && <Reliability reliability={curves.reliability} />}
    </Columns>
  )
}

function Reliability({ reliability }: { reliability: NonNullable<PerformanceCurves['reliability']> }) {
  const { curve, ece, mce } = reliability
  const x = useMemo(() => curve.map(({ score }) => score), [curve])
  const series = useMemo(
    () => [
      {
        name: 'what came true',
        y: curve.map(({ share }) => share),
        low: curve.map(({ low }) => low),
        high: curve.map(({ high }) => high),
        note: (i: number) => `${count(curve[i]!.n)} predictions`,
      },
      { name: 'calibrated', y: x, dashed: true },
    ],
    [curve, x],
  )
  return (
    <Panel
      title={
        <Explained
          definition="Of predictions with about the same score, the share that came true: on the dashed line where a score of 30 % comes true in 30 % of the cases. ECE is the mean distance from it, MCE the largest."
          facts={{ ECE: measure(ece, 3), MCE: measure(mce, 3) }}
        >
          Reliability
        </Explained>
      }
      note={`what came true, by score; mean distance ${measure(ece, 3)}`}
    >
      <LinePlot
        label="Reliability"
        x={x}
        xLabel="score"
        xFormat={percent}
        height={200}
        series={series}
        yRange={unit}
        format={percent}
      />
    </Panel>
  )
}

/** By trapezes. */
const areaUnder = (x: readonly number[], y: readonly number[]) =>
  x.reduce((sum, at, i) => (i === 0 ? 0 : sum + ((at - x[i - 1]!) * (y[i]! + y[i - 1]!)) / 2), 0)
