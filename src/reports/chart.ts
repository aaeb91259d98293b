import type { ComparedSide, FeatureComparison } from '../monitoring/compare-feature.ts'
import { shares } from '../statistics/shares.ts'

/** A rectangle of a chart in its own units: x and width in [0, 1], height of the highest bar 1. */
export interface Bar {
  x: number
  width: number
  height: number
  /** what it stands for and which share it has */
  label: string
  share: number
}

export interface Chart {
  reference: Bar[]
  current: Bar[]
  /** what stands at the left and the right end of the axis */
  from: string
  to: string
  /** both share one axis, so the current side is drawn as a line over the reference */
  overlaid: boolean
}

/** Bins that stand for a value each. */
const FEW_BINS = 8

const short = (x: number) => String(Number(x.toPrecision(3)))

/**
 * The distributions of a feature as bars: of numbers the area is the share of rows, between the 1 % and the 99 % quantiles
 * of both sides; of categories the height is.
 */
export function chartOf({ type, edges, categories, against, current }: FeatureComparison): Chart {
  return type === 'categorical' ? ofCategories(categories, against, current) : ofNumbers(edges, against, current)
}

function ofCategories(categories: readonly string[], reference: ComparedSide | null, current: ComparedSide): Chart {
  const of = (side: ComparedSide | null, offset: number): Bar[] =>
    shares(side?.counts ?? []).map((share, i) => ({
      x: (i + offset) / categories.length,
      width: 0.42 / categories.length,
      height: share,
      label: categories[i] ?? '',
      share,
    }))
  return { ...scaled(of(reference, 0.06), of(current, 0.52)), from: '', to: '', overlaid: false }
}

function ofNumbers(edges: readonly number[], reference: ComparedSide | null, current: ComparedSide): Chart {
  const quantiles = [reference?.quantiles, current.quantiles].flatMap((q) => q ?? [])
  const low = Math.min(...quantiles.map((q) => q.p01))
  const high = Math.max(...quantiles.map((q) => q.p99))
  const spread = high > low && edges.length > FEW_BINS
  // few values have a bin each: they stand beside each other, whatever lies between them
  const outside = (i: number) => (reference?.counts[i] ?? 0) + current.counts[i]! > 0
  const from = spread ? Math.min(low, edges[1] ?? low) : outside(0) ? 0 : 1
  const to = spread ? high : edges.length + (outside(edges.length) ? 1 : 0)
  const of = (side: ComparedSide | null): Bar[] =>
    shares(side?.counts ?? []).map((share, i) => {
      // the first and the last bin are open: they are drawn as far as the axis goes
      const left = spread ? Math.max(from, i === 0 ? from : edges[i - 1]!) : i
      const right = spread ? Math.min(to, i === edges.length ? to : edges[i]!) : Math.min(to, i + 1)
      const width = left < from ? 0 : Math.max(0, right - left) / Math.max(1e-300, to - from)
      const label = `${i === 0 ? 'up' : `above ${short(edges[i - 1]!)}`}${i === edges.length ? '' : ` to ${short(edges[i]!)}`}`
      return {
        x: (left - from) / (to - from),
        width,
        height: width > 0 ? share / Math.max(width, 0.004) : 0,
        label,
        share,
      }
    })
  return {
    ...scaled(of(reference), of(current)),
    from: short(spread ? from : low),
    to: short(spread ? to : high),
    overlaid: true,
  }
}

function scaled(reference: Bar[], current: Bar[]) {
  const most = Math.max(...[...reference, ...current].map((bar) => bar.height), 1e-12)
  const scale = (bars: Bar[]) =>
    bars.filter((bar) => bar.width > 0).map((bar) => ({ ...bar, height: bar.height / most }))
  return { reference: scale(reference), current: scale(current) }
}
