import type { DriftMetric } from '../../contracts/drift-metric.ts'
import { KedgeError } from '../../errors.ts'
import {
  categoryBins,
  categoryCounts,
  numericBins,
  numericCounts,
  numericEdges,
} from '../../statistics/reference-bins.ts'
import { sketchQuantile } from '../../statistics/sketch.ts'
import {
  type FeatureProfile,
  mergeSlices,
  momentsOfProfile,
  noProfile,
  type Slice,
  typeOf,
} from '../../statistics/slice.ts'
import { sortedQuantile } from '../../statistics/sorted-quantile.ts'
import type { EndpointKey } from '../stale.ts'
import type { ViewRequest } from '../windows/view-request.ts'
import { type ViewDefinition, type ViewDependencies, viewWindows } from '../windows/view-windows.ts'

const levels = { p01: 0.01, p05: 0.05, p25: 0.25, p50: 0.5, p75: 0.75, p95: 0.95, p99: 0.99 } as const
type Quantiles = Record<keyof typeof levels, number>

export interface DistributionWindow {
  start: number
  end: number
  rows: number
  missing: number
  mean: number | null
  deviation: number | null
  minimum: number | null
  maximum: number | null
  quantiles: Quantiles | null
  counts: number[]
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

const MOST_CATEGORIES = 30
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
  const type = typeOf(basis)
  const numeric = numericBins(basis.sketch, bins)
  const categorical = categoryBins(basis.categories, MOST_CATEGORIES)
  const count = (p: FeatureProfile) =>
    type === 'numeric' ? numericCounts(p.sketch, numeric) : categoryCounts(p.categories, categorical)
  const metrics = dependencies.metrics.filter((m) => m.types.includes(type))
  const expected = held && count(held.whole.features.get(feature) ?? noProfile)

  const describe = (slice: Slice, bounds: { start: number; end: number }, against?: number[]): DistributionWindow => {
    const p = slice.features.get(feature) ?? noProfile
    const counts = count(p)
    const isNumber = type === 'numeric' && p.count > 0
    const { mean, deviation } = momentsOfProfile(p)
    return {
      ...bounds,
      rows: slice.rows,
      missing: Math.max(0, slice.rows - p.count),
      mean: isNumber ? mean : null,
      deviation: isNumber && p.count > 1 ? deviation : null,
      minimum: isNumber ? p.minimum : null,
      maximum: isNumber ? p.maximum : null,
      quantiles: isNumber ? quantilesOf(p) : null,
      counts,
      cumulative: type === 'numeric' ? sharesBelow(counts, p.count) : [],
      distances: against
        ? Object.fromEntries(
            metrics.map((metric) => {
              const measured = metric.measure(against, counts)
              return [metric.name, measured.ok ? measured.value : null]
            }),
          )
        : {},
    }
  }
  const days = Math.max(1, ...found.windows.map(({ view }) => view.days))
  return {
    feature,
    type,
    definition: found.definition,
    edges: type === 'numeric' ? numericEdges(numeric) : [],
    categories: type === 'numeric' ? [] : [...categorical.categories, '…'],
    reference: held ? describe(held.whole, { start: 0, end: 0 }) : null,
    band: held ? bandOf(held.days, Math.min(days, Math.max(1, Math.floor(held.days.length / 3))), describe) : null,
    windows: found.windows.map(({ view }) => describe(view.slice, { start: view.start, end: view.end }, expected)),
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

const quantilesOf = (p: FeatureProfile) =>
  Object.fromEntries(Object.entries(levels).map(([name, q]) => [name, sketchQuantile(p.sketch, q)])) as Quantiles

/** Where runs of `run` neighbouring days of the reference lie. */
function bandOf(
  days: readonly Slice[],
  run: number,
  describe: (slice: Slice, bounds: { start: number; end: number }) => DistributionWindow,
): FeatureDistribution['band'] {
  const runs = Array.from({ length: days.length - run + 1 }, (_, i) =>
    describe(mergeSlices(days.slice(i, i + run)), { start: 0, end: 0 }),
  )
  if (runs.length < LEAST_OF_BAND) return null
  const range = (values: (number | null)[]): Range => {
    const sorted = Float64Array.from(values.filter((x): x is number => x !== null)).sort()
    return { low: sortedQuantile(sorted, 0.025), high: sortedQuantile(sorted, 0.975) }
  }
  const isNumeric = runs.every((r) => r.quantiles !== null)
  const total = (r: DistributionWindow) => Math.max(1, r.rows - r.missing)
  return {
    windows: runs.length,
    mean: isNumeric ? range(runs.map((r) => r.mean)) : null,
    missing: range(runs.map((r) => (r.rows > 0 ? r.missing / r.rows : 0))),
    quantiles: isNumeric
      ? Object.fromEntries(
          Object.keys(levels).map((name) => [name, range(runs.map((r) => r.quantiles![name as keyof Quantiles]))]),
        )
      : null,
    shares: runs[0]!.counts.map((_, i) => range(runs.map((r) => r.counts[i]! / total(r)))),
  }
}
