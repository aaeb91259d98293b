import type { ColumnProfile } from '../../api/types.ts'
import type { Bin } from '../../charts/histogram.tsx'

export interface ColumnBins {
  bins: Bin[]
  /** what stands at the ends of the axis */
  ends: [number, number]
}

const wanted = 30
/** more bars than these are too narrow to be told apart */
const mostBars = 60
// buckets of 1 % relative accuracy: γ = 1.01 / 0.99, key = sign · (k + 2001) for values in (γ^(k−1), γ^k]
const gamma = 1.01 / 0.99
const offset = 2001

/** The distribution of a column of numbers or times over bins of one width; undefined when it has none. */
export function columnBins(column: ColumnProfile, show: (value: number) => string): ColumnBins | undefined {
  if (column.type === 'text' || column.type === 'bool') return undefined
  if (column.histogram && column.histogram.counts.length > 0) {
    const { edges, counts } = column.histogram
    return {
      bins: counts.map((value, i) => ({ label: `${show(edges[i]!)} to ${show(edges[i + 1]!)}`, value })),
      ends: [edges[0]!, edges.at(-1)!],
    }
  }
  if (column.categories && column.categories.length > 0 && column.otherCategories === 0) {
    // few different numbers: a bar each, in their order
    const values = column.categories
      .map(({ value, count }) => ({ at: Number(value), value: count }))
      .sort((a, b) => a.at - b.at)
    if (values.length > mostBars) return equalBins(values, show)
    return {
      bins: values.map(({ at, value }) => ({ label: show(at), value })),
      ends: [values[0]!.at, values.at(-1)!.at],
    }
  }
  return column.sketch ? sketchBins(column.sketch, column.quantiles, show) : undefined
}

/** Numbers in their order, in bins of one width. */
function equalBins(values: { at: number; value: number }[], show: (value: number) => string): ColumnBins {
  const [low, high] = [values[0]!.at, values.at(-1)!.at]
  const whole = values.every(({ at }) => Number.isInteger(at))
  // a bin holds as many whole numbers as any other
  const width = whole ? Math.ceil((high - low + 1) / wanted) : (high - low) / wanted || 1
  const counts = new Array<number>(Math.min(wanted, Math.floor((high - low) / width) + 1)).fill(0)
  for (const { at, value } of values) counts[Math.min(counts.length - 1, Math.floor((at - low) / width))]! += value
  return {
    bins: counts.map((value, i) => ({
      label: `${show(low + i * width)} to ${show(Math.min(high, low + (i + 1) * width - (whole ? 1 : 0)))}`,
      value,
    })),
    ends: [low, high],
  }
}

/** Bins from the 1st to the 99th percentile; what lies beyond counts in the outermost. */
function sketchBins(
  sketch: NonNullable<ColumnProfile['sketch']>,
  quantiles: ColumnProfile['quantiles'],
  show: (value: number) => string,
): ColumnBins | undefined {
  const places = sketch.keys.map((key, i) => ({ ...bucket(key), count: sketch.counts[i]! }))
  if (places.length === 0) return undefined
  const low = quantiles?.p01 ?? places[0]!.low
  const high = quantiles?.p99 ?? places.at(-1)!.high
  const width = (high - low) / wanted || 1
  const counts = new Array<number>(wanted).fill(0)
  const add = (place: number, count: number) => {
    counts[Math.max(0, Math.min(wanted - 1, place))]! += count
  }
  for (const { low: from, high: to, count } of places) {
    const first = Math.floor((from - low) / width)
    const last = Math.floor((to - low) / width)
    if (first === last || to === from) add(first, count)
    // a bucket over several bins gives each its part
    else
      for (let place = first; place <= last; place++) {
        const part = Math.min(to, low + (place + 1) * width) - Math.max(from, low + place * width)
        add(place, (count * Math.max(0, part)) / (to - from))
      }
  }
  return {
    bins: counts.map((value, i) => ({
      label: `${i === 0 ? 'up' : show(low + i * width)} to ${i === wanted - 1 ? 'the largest' : show(low + (i + 1) * width)}`,
      value: Math.round(value),
    })),
    ends: [low, high],
  }
}

function bucket(key: number): { low: number; high: number } {
  if (key === 0) return { low: 0, high: 0 }
  const size = Math.abs(key) - offset
  const [near, far] = [gamma ** (size - 1), gamma ** size]
  return key > 0 ? { low: near, high: far } : { low: -far, high: -near }
}
