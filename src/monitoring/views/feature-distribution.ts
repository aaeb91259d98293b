import type { DriftMetric } from '../../contracts/drift-metric.ts'
import { KedgeError } from '../../errors.ts'
import { type DescribedFeature, featureBins, type Quantiles } from '../../statistics/feature-bins.ts'
import { mergeSlices, type Slice } from '../../statistics/slice.ts'
import { sortedQuantile } from '../../statistics/sorted-quantile.ts'
import { distancesOf } from '../distances-of.ts'
import type { EndpointKey } from '../stale.ts'
import type { ViewRequest } from '../windows/view-request.ts'
import { type ViewDefinition, type ViewDependencies, viewWindows } from '../windows/view-windows.ts'

export interface DistributionWindow extends DescribedFeature {
  start: number
  end: number
  cumulative: number[]
  distances: Record<string, number | null>
}

interface Range {
  low: number
  high: number
}

export interface FeatureDistribution {
  feature: string
  type: 'numeric' | 'categorical'
  definition: ViewDefinition
  edges: number[]
  categories: string[]
  reference: DistributionWindow | null
  band: {
    windows: number
    mean: Range | null
    missing: Range
    quantiles: Record<string, Range> | null
    shares: Range[]
  } | null
  windows: DistributionWindow[]
}

const LEAST_OF_BAND = 8

/** How a feature is distributed in each window, over bins that the reference fixes, and where the reference's own windows lie. */
export async function featureDistribution(
  dependencies: ViewDependencies & { metrics: readonly DriftMetric[] },
  key: EndpointKey,
  feature: string,
  request: ViewRequest,
  bins = 20,
): Promise<FeatureDistribution> {
  const found = await viewWindows(dependencies, key, request, { features: [feature], profilesOnly: true })
  const held = found.windows.findLast(({ reference }) => reference?.whole.features.has(feature))?.reference
  const all = mergeSlices(found.windows.map(({ view }) => view.slice)).features.get(feature)
  const basis = held?.whole.features.get(feature) ?? all
  if (!basis) throw new KedgeError('not_found', { kind: 'Feature', name: feature })
  const { type, edges, categories, describe } = featureBins(feature, basis, bins)
  const expected = held && describe(held.whole).counts
  const windowOf = (slice: Slice, bounds: { start: number; end: number }, against?: number[]): DistributionWindow => {
    const own = describe(slice)
    return {
      ...bounds,
      ...own,
      cumulative: type === 'numeric' ? sharesBelow(own.counts, slice.features.get(feature)?.count ?? 0) : [],
      distances: against ? distancesOf(dependencies.metrics, type, against, own.counts) : {},
    }
  }
  const days = Math.max(1, ...found.windows.map(({ view }) => view.days))
  return {
    feature,
    type,
    definition: found.definition,
    edges,
    categories,
    reference: held ? windowOf(held.whole, { start: 0, end: 0 }) : null,
    band: held ? bandOf(held.days, Math.min(days, Math.max(1, Math.floor(held.days.length / 3))), describe) : null,
    windows: found.windows.map(({ view }) => windowOf(view.slice, { start: view.start, end: view.end }, expected)),
  }
}

/** Share of `rows` at or below the upper edge of each bin but the last. */
function sharesBelow(counts: readonly number[], rows: number): number[] {
  let below = 0
  return counts.slice(0, -1).map((n) => {
    below += n
    return below / Math.max(1, rows)
  })
}

/** Where runs of `run` neighbouring days of the reference lie. */
function bandOf(
  days: readonly Slice[],
  run: number,
  describe: (slice: Slice) => DescribedFeature,
): FeatureDistribution['band'] {
  const runs = Array.from({ length: days.length - run + 1 }, (_, i) => describe(mergeSlices(days.slice(i, i + run))))
  if (runs.length < LEAST_OF_BAND) return null
  const range = (values: (number | null)[]): Range => {
    const sorted = Float64Array.from(values.filter((x): x is number => x !== null)).sort()
    return { low: sortedQuantile(sorted, 0.025), high: sortedQuantile(sorted, 0.975) }
  }
  const isNumeric = runs.every((r) => r.quantiles !== null)
  const total = (r: DescribedFeature) => Math.max(1, r.rows - r.missing)
  return {
    windows: runs.length,
    mean: isNumeric ? range(runs.map((r) => r.mean)) : null,
    missing: range(runs.map((r) => (r.rows > 0 ? r.missing / r.rows : 0))),
    quantiles: isNumeric
      ? Object.fromEntries(
          Object.keys(runs[0]!.quantiles!).map((name) => [
            name,
            range(runs.map((r) => r.quantiles![name as keyof Quantiles])),
          ]),
        )
      : null,
    shares: runs[0]!.counts.map((_, i) => range(runs.map((r) => r.counts[i]! / total(r)))),
  }
}
