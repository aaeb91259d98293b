import { useMemo } from 'react'
import type { PerformanceCurves } from '../../../api/types.ts'
import { LinePlot } from '../../../charts/line-plot.tsx'
import { Explained } from '../../../components/explained.tsx'
import { Panel } from '../../../components/panel.tsx'
import { useQueryState } from '../../../components/use-query-state.ts'
import { count, measure, percent } from '../../../format/number.ts'
import { RowsBehind } from '../rows-behind.tsx'
import { type Cell, ConfusionTable } from './confusion-table.tsx'
import classes from './performance.module.css'
import { type Confusion, confusionAt, nearest, ratesOf } from './threshold-counts.ts'
import { ThresholdCurves } from './threshold-curves.tsx'

/** half of the relative width of a bin of scores */
const binWidth = 0.01

/** What a binary model's errors are at any threshold: confusion, rates and curves move with the slider. */
export function ByThreshold({
  endpoint,
  curves,
  thresholds,
  operating,
}: {
  endpoint: string
  curves: PerformanceCurves
  thresholds: NonNullable<PerformanceCurves['thresholds']>
  operating: NonNullable<PerformanceCurves['operating']>
}) {
  const [wanted, setWanted] = useQueryState('threshold')
  const [cell, setCell] = useQueryState('cell')
  const rising = useMemo(
    () => thresholds.filter((one): one is typeof one & { threshold: number } => one.threshold !== null).reverse(),
    [thresholds],
  )
  const places = useMemo(() => rising.map(({ threshold }) => threshold), [rising])
  const own = wanted === '' || !Number.isFinite(Number(wanted))
  const threshold = own ? operating.threshold : Number(wanted)
  const place = nearest(places, threshold)
  const confusion: Confusion = own ? operating : confusionAt(rising[place]!, operating)
  const shown = own ? operating.threshold : places[place]!
  const choose = (i: number) => setWanted(String(Number(places[i]!.toPrecision(4))))
  const cells: Record<string, Cell & { actual: string; flagged: boolean }> = {
    found: { name: 'found', rows: confusion.truePositives, right: true, actual: '1', flagged: true },
    missed: { name: 'missed', rows: confusion.falseNegatives, right: false, actual: '1', flagged: false },
    false_alarms: { name: 'false alarms', rows: confusion.falsePositives, right: false, actual: '0', flagged: true },
    rejected: { name: 'rightly rejected', rows: confusion.trueNegatives, right: true, actual: '0', flagged: false },
  }
  const picked = cells[cell]
  // the endpoint's own threshold is exact, any other is the middle of a bin of scores
  const bound = own ? operating.threshold * (1 - 1e-12) : shown / (1 + binWidth)
  const markers = useMemo(
    () => [{ x: shown, text: `${measure(shown, 3)}${own ? ', of the endpoint' : ''}`, tone: 'accent' as const }],
    [shown, own],
  )
  const series = useMemo(
    () => [
      { name: 'precision', y: rising.map((one) => one.precision) },
      { name: 'recall', y: rising.map((one) => one.truePositiveRate) },
      { name: 'F1', y: rising.map((one) => one.f1) },
      { name: 'share flagged', y: rising.map((one) => one.depth), dashed: true },
    ],
    [rising],
  )
  return (
    <>
      <Panel
        title="Errors by threshold"
        note={`${count(curves.actuals)} predictions with their actual, all windows of the stretch together`}
        actions={
          !own && (
            <button type="button" className={classes.plain} onClick={() => setWanted('')}>
              Back to the endpoint’s {measure(operating.threshold)}
            </button>
          )
        }
      >
        <label className={classes.slider}>
          <span>
            Positive from a score of <b className="number">{measure(shown, 3)}</b>
          </span>
          <input
            type="range"
            min={0}
            max={places.length - 1}
            value={place}
            aria-label="Threshold"
            aria-valuetext={measure(shown, 3)}
            onChange={(event) => choose(Number(event.target.value))}
          />
        </label>
        <div className={classes.threshold}>
          <ConfusionTable
            label={`Confusion at a threshold of ${measure(shown, 3)}`}
            columns={['flagged', 'not flagged']}
            rows={[
              { name: 'positive', cells: ['found', 'missed'] },
              { name: 'negative', cells: ['false_alarms', 'rejected'] },
            ].map((row) => ({ name: row.name, cells: row.cells.map((key) => ({ key, ...cells[key]! })) }))}
            selected={cell}
            onPick={(key) => setCell(key === cell ? '' : key)}
          />
          <Rates confusion={confusion} />
          <div className={classes.curve}>
            <LinePlot
              label="Precision, recall and F1 over the threshold"
              x={places}
              xLabel="from"
              height={190}
              series={series}
              markers={markers}
              yRange={unit}
              format={percent}
              onPick={choose}
            />
          </div>
        </div>
      </Panel>
      {picked && (
        <RowsBehind
          key={`${cell} ${shown}`}
          endpoint={endpoint}
          title={`${picked.name} at ${measure(shown, 3)}`}
          question={{
            revision: curves.revision,
            from: curves.start,
            to: curves.end,
            feature: '$score',
            actual: picked.actual,
            ...(curves.segment ? { segment: curves.segment } : {}),
            ...(picked.flagged ? { above: bound } : { up_to: bound }),
          }}
          onClose={() => setCell('')}
        />
      )}
      <ThresholdCurves curves={curves} points={thresholds} threshold={shown} />
    </>
  )
}

const unit: [number, number] = [0, 1]

function Rates({ confusion }: { confusion: Confusion }) {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = confusion
  const rates = ratesOf(confusion)
  const explained = (value: number | null, definition: string, samples: number, text = percent(value)) => (
    <Explained definition={definition} samples={samples}>
      {value === null ? '–' : text}
    </Explained>
  )
  const all = truePositives + falsePositives + falseNegatives + trueNegatives
  return (
    <dl className={classes.rates}>
      {Object.entries({
        Precision: explained(
          rates.precision,
          'Of those flagged, the share that is positive.',
          truePositives + falsePositives,
        ),
        Recall: explained(rates.recall, 'Of the positive, the share that is flagged.', truePositives + falseNegatives),
        Specificity: explained(
          rates.specificity,
          'Of the negative, the share that is not flagged.',
          trueNegatives + falsePositives,
        ),
        F1: explained(rates.f1, 'Harmonic mean of precision and recall.', all, measure(rates.f1, 3)),
        Accuracy: explained(rates.accuracy, 'Share of all rows that is rightly flagged or left.', all),
        Flagged: explained(rates.flagged, 'Share of all rows that is flagged.', all),
        Lift: explained(
          rates.lift,
          'How many times as often a flagged row is positive as any row.',
          truePositives + falsePositives,
          `${measure(rates.lift, 3)} ×`,
        ),
      }).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
