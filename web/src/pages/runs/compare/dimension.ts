import type { RunComparison } from '../../../api/types.ts'

/** A param or a metric of the runs that are compared, as an axis. */
export interface Dimension {
  /** `params.lr` */
  name: string
  key: string
  kind: 'param' | 'metric'
  scale: 'linear' | 'log' | 'categories'
  /** one for each run; null: it has none */
  values: (number | string | null)[]
  /** the ends of a scale of numbers */
  least: number
  most: number
  /** in their order on the axis */
  categories: string[]
  differs: boolean
}

const mostCategories = 40
/** largest by smallest, from which a logarithm spreads better */
const wide = 50

const isNumber = (text: string) => text.trim() !== '' && Number.isFinite(Number(text))

function dimension(
  kind: 'param' | 'metric',
  key: string,
  raw: readonly (string | number | null)[],
  differs: boolean,
): Dimension {
  const there = raw.filter((value) => value !== null)
  const numeric = there.every((value) => typeof value === 'number' || isNumber(value))
  const values = numeric ? raw.map((value) => (value === null ? null : Number(value))) : [...raw]
  const numbers = numeric ? (values.filter((value) => value !== null) as number[]) : []
  const least = numbers.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY)
  const most = numbers.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY)
  const categories = numeric ? [] : [...new Set(there.map(String))].sort()
  const scale = !numeric ? 'categories' : kind === 'param' && least > 0 && most / least >= wide ? 'log' : 'linear'
  return { name: `${kind}s.${key}`, key, kind, scale, values, least, most, categories, differs }
}

/** Axes for a comparison; params with more values than an axis can name are left out. */
export function dimensionsOf(comparison: RunComparison): Dimension[] {
  return [
    ...comparison.params.map(({ key, values, differs }) => dimension('param', key, values, differs)),
    ...comparison.metrics.map(({ key, values, differs }) => dimension('metric', key, values, differs)),
  ].filter((one) => one.categories.length <= mostCategories && one.values.some((value) => value !== null))
}

/** Where a value stands on its axis, 0 (bottom) to 1; undefined when there is none. */
export function placeOn(dimension: Dimension, value: number | string | null): number | undefined {
  if (value === null) return undefined
  if (dimension.scale === 'categories') {
    const at = dimension.categories.indexOf(String(value))
    return dimension.categories.length < 2 ? 0.5 : at / (dimension.categories.length - 1)
  }
  const { least, most, scale } = dimension
  if (least === most) return 0.5
  return scale === 'log'
    ? Math.log(Number(value) / least) / Math.log(most / least)
    : (Number(value) - least) / (most - least)
}

/** The number at a place of an axis of numbers. */
export function valueAt({ least, most, scale }: Dimension, place: number): number {
  return scale === 'log' ? least * (most / least) ** place : least + place * (most - least)
}

/** A few places with their names. */
export function ticksOf(dimension: Dimension): { place: number; value: number | string }[] {
  if (dimension.scale === 'categories')
    return dimension.categories.map((value) => ({ value, place: placeOn(dimension, value)! }))
  if (dimension.least === dimension.most) return [{ place: 0.5, value: dimension.least }]
  return [0, 0.25, 0.5, 0.75, 1].map((place) => ({ place, value: valueAt(dimension, place) }))
}

/** Ranges that were drawn on axes: name → places from and to. */
export type Brushes = Record<string, [number, number]>

/** Which runs lie within all brushes. */
export function withinBrushes(dimensions: readonly Dimension[], brushes: Brushes, runs: number): boolean[] {
  const brushed = dimensions.filter(({ name }) => brushes[name])
  return Array.from({ length: runs }, (_, run) =>
    brushed.every((one) => {
      const place = placeOn(one, one.values[run] ?? null)
      const [from, to] = brushes[one.name]!
      return place !== undefined && place >= from && place <= to
    }),
  )
}

/** `params.lr:0.1..0.5;…` */
export const writeBrushes = (brushes: Brushes) =>
  Object.entries(brushes)
    .map(([name, [from, to]]) => `${encodeURIComponent(name)}:${from.toFixed(3)}..${to.toFixed(3)}`)
    .join(';')

export function readBrushes(text: string): Brushes {
  const found: Brushes = {}
  for (const part of text.split(';')) {
    const read = /^(.+):(-?[\d.]+)\.\.(-?[\d.]+)$/.exec(part)
    if (read) found[decodeURIComponent(read[1]!)] = [Number(read[2]), Number(read[3])]
  }
  return found
}
