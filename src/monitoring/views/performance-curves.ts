import type { Task } from '../../contracts/monitor-kind.ts'
import { binsOfSketches } from '../../statistics/binary-performance.ts'
import { type CalibrationBins, calibration } from '../../statistics/calibration.ts'
import { multiClassPerformance } from '../../statistics/multi-class-performance.ts'
import { type ResidualCurve, residualCurve } from '../../statistics/residual-curve.ts'
import { mergeSlices, type Slice } from '../../statistics/slice.ts'
import {
  areaUnderPrecisionRecall,
  atThreshold,
  confusionAtThresholds,
  gainCurve,
  precisionRecallCurve,
  rocCurve,
} from '../../statistics/threshold-curves.ts'
import type { Estimate } from '../../statistics/too-few-samples.ts'
import { loadPartSlices } from '../day-slices.ts'
import { loadSample } from '../samples.ts'
import { segmentTest } from '../segment-condition.ts'
import type { EndpointKey } from '../stale.ts'
import { taskOf } from '../window-view.ts'
import type { Needs } from '../windows/load-windows.ts'
import type { ViewDependencies } from '../windows/view-windows.ts'
import { sumsOf } from './performance-windows.ts'

export interface PerformanceCurves {
  task: Task
  revision: number
  segment: string
  start: number
  end: number
  actuals: number
  thresholds:
    | {
        threshold: number | null
        truePositiveRate: number
        falsePositiveRate: number
        precision: number
        f1: number
        matthews: number
        depth: number
        gain: number
        lift: number | null
      }[]
    | null
  operating: {
    threshold: number
    truePositives: number
    falsePositives: number
    falseNegatives: number
    trueNegatives: number
  } | null
  areaUnderPrecisionRecall: number | null
  reliability: {
    ece: number
    mce: number
    curve: { score: number; share: number; low: number; high: number; n: number }[]
  } | null
  confusion: { classes: string[]; counts: number[][] } | null
  classes: { name: string; rows: number; precision: Estimate; recall: Estimate; f1: Estimate }[] | null
  residuals: ResidualCurve | null
}

const MOST_POINTS = 200
/** Rows that residuals are looked at in. */
const SAMPLE = 10_000
const hour = 3_600_000

export interface StretchRequest {
  revision: number
  from: number
  to: number
}

/** Everything known of a stretch, or what is needed of it, merged. */
export async function stretchSlice(
  { environment }: Pick<ViewDependencies, 'environment'>,
  key: EndpointKey,
  { revision, from, to }: StretchRequest,
  needs: Needs = {},
): Promise<Slice> {
  const bounds = [Math.floor(from / hour) * hour, Math.ceil(to / hour) * hour]
  const parts = await loadPartSlices(
    environment.events,
    {
      project: key.project,
      scope: `endpoint/${key.endpoint}`,
      revision,
      ...needs,
    },
    bounds,
  )
  return mergeSlices(parts.map((part) => part.slice))
}

/** Equally wide bins of scores, from sketches: a score counts as its bin's representative, within 1 %. */
export function calibrationOfSketches(bins: ReturnType<typeof binsOfSketches>, count = 10): CalibrationBins {
  const zeros = () => new Array<number>(count).fill(0)
  const found: CalibrationBins = { n: zeros(), scores: zeros(), positives: zeros() }
  for (const { score, positives, negatives } of bins) {
    const i = Math.min(count - 1, Math.max(0, Math.ceil(score * count) - 1))
    found.n[i]! += positives + negatives
    found.scores[i]! += score * (positives + negatives)
    found.positives[i]! += positives
  }
  return found
}

/** Curves over thresholds, reliability, or which class was taken for which. */
export async function performanceCurves(
  dependencies: ViewDependencies,
  key: EndpointKey,
  request: StretchRequest,
  segment = '',
): Promise<PerformanceCurves> {
  const [slice, watched] = await Promise.all([
    stretchSlice(dependencies, key, request, {
      features: [],
      ...(segment === '' ? { wholeOnly: true } : { group: segment }),
    }),
    dependencies.describe(key),
  ])
  const task = watched.revisions.find((r) => r.revision === request.revision)?.task ?? taskOf(slice)
  const isKept = segment === '' || slice.groups.has(segment)
  const sums = isKept
    ? sumsOf(slice, segment)
    : (
        await stretchSlice(dependencies, key, request, {
          features: [],
          wholeOnly: true,
          segment: { name: segment, threshold: watched.threshold },
        })
      ).performance
  const bins = binsOfSketches(sums.binary.positiveScores, sums.binary.negativeScores)
  const curve = task === 'binary' ? confusionAtThresholds(bins) : undefined
  const reliability = task === 'binary' ? calibration(calibrationOfSketches(bins)) : undefined
  const classes = task === 'multiclass' ? multiClassPerformance(sums.confusion ?? new Map()) : undefined
  const { truePositives, falsePositives, positives, brier } = sums.binary
  return {
    task,
    revision: request.revision,
    segment,
    start: request.from,
    end: request.to,
    actuals: sums.joined,
    thresholds: curve?.ok ? pointsOf(thinned(curve.points)) : null,
    operating:
      task === 'binary' && brier.n > 0
        ? {
            threshold: watched.threshold,
            truePositives,
            falsePositives,
            falseNegatives: positives - truePositives,
            trueNegatives: brier.n - positives - falsePositives,
          }
        : null,
    areaUnderPrecisionRecall: curve?.ok ? areaUnderPrecisionRecall(curve.points) : null,
    reliability: reliability?.ok ? { ece: reliability.ece, mce: reliability.mce, curve: reliability.curve } : null,
    confusion: task === 'multiclass' ? matrixOf(sums.confusion ?? new Map()) : null,
    classes: classes?.ok ? classes.classes : null,
    residuals: task === 'regression' ? await residuals(dependencies, key, request, segment) : null,
  }
}

/** Predicted and actual values of the rows in the samples. */
async function residuals(
  { environment }: ViewDependencies,
  { project, endpoint }: EndpointKey,
  { revision, from, to }: StretchRequest,
  segment: string,
): Promise<ResidualCurve | null> {
  const rows = await loadSample(environment.events, {
    project,
    scope: `endpoint/${endpoint}`,
    revision,
    from: Math.floor(from / hour) * hour,
    to: Math.ceil(to / hour) * hour,
    most: SAMPLE,
  })
  const belongs = segmentTest(segment)
  return residualCurve(
    rows.flatMap((row) =>
      row.score !== null && row.truth !== null && belongs(row) ? [{ predicted: row.score, actual: row.truth }] : [],
    ),
  )
}

function thinned<T>(points: readonly T[]): T[] {
  if (points.length <= MOST_POINTS) return [...points]
  return Array.from(
    { length: MOST_POINTS },
    (_, i) => points[Math.round((i * (points.length - 1)) / (MOST_POINTS - 1))]!,
  )
}

function pointsOf(points: Parameters<typeof rocCurve>[0][number][]) {
  const roc = rocCurve(points)
  const precision = precisionRecallCurve(points)
  const gain = gainCurve(points)
  return points.map((point, i) => {
    const at = atThreshold(point)
    return {
      threshold: Number.isFinite(point.threshold) ? point.threshold : null,
      truePositiveRate: roc[i]!.truePositiveRate,
      falsePositiveRate: roc[i]!.falsePositiveRate,
      precision: precision[i]!.precision,
      f1: at.f1.value,
      matthews: at.matthews,
      depth: gain[i]!.depth,
      gain: gain[i]!.gain,
      lift: Number.isFinite(gain[i]!.lift) ? gain[i]!.lift : null,
    }
  })
}

function matrixOf(matrix: ReadonlyMap<string, ReadonlyMap<string, number>>): { classes: string[]; counts: number[][] } {
  const classes = [...new Set([...matrix.keys(), ...[...matrix.values()].flatMap((row) => [...row.keys()])])].sort()
  return { classes, counts: classes.map((actual) => classes.map((name) => matrix.get(actual)?.get(name) ?? 0)) }
}
