import type { Column as FeatureColumn } from '../../../contracts/model-runtime.ts'

export type Values = Float64Array | readonly string[]

/** A column inside a graph, made of features by a formula. */
export interface GraphColumn {
  /** indices of the features that it is made of */
  features: readonly number[]
  compute(read: (column: GraphColumn) => Values, rows: number): Values
}

/** What a graph's name stands for: columns of a matrix, or a constant beside them. */
export interface GraphMatrix {
  columns: readonly GraphColumn[]
  /** single precision: what is computed is rounded to it */
  single: boolean
}

/** Why a graph is not a formula by columns. */
export class NotByColumns extends Error {}

export const round = (single: boolean, x: number): number => (single ? Math.fround(x) : x)

/** A column computed from others, value by value. */
export function combine(
  single: boolean,
  from: readonly GraphColumn[],
  formula: (...values: number[]) => number,
): GraphColumn {
  return {
    features: [...new Set(from.flatMap((column) => column.features))],
    compute(read, rows) {
      const values = from.map((column) => numbersOf(read(column)))
      return Float64Array.from({ length: rows }, (_, i) => round(single, formula(...values.map((v) => v[i]!))))
    },
  }
}

/** A column whose texts or numbers are looked up one by one. */
export const lookUp = (from: GraphColumn, find: (value: string | number) => string | number): GraphColumn => ({
  features: from.features,
  compute(read) {
    const found = Array.from(read(from) as ArrayLike<string | number>, find)
    return typeof found[0] === 'string' ? (found as string[]) : Float64Array.from(found as number[])
  },
})

export const constantColumn = (value: number): GraphColumn => ({
  features: [],
  compute: (_read, rows) => new Float64Array(rows).fill(value),
})

function numbersOf(values: Values): Float64Array {
  if (!(values instanceof Float64Array)) throw new NotByColumns('texts stand where numbers are computed')
  return values
}

/** Computes columns for rows of features, each formula once. */
export function computeColumns(columns: readonly GraphColumn[], rows: number): Values[] {
  const known = new Map<GraphColumn, Values>()
  const read = (column: GraphColumn): Values => {
    let found = known.get(column)
    if (!found) {
      found = column.compute(read, rows)
      known.set(column, found)
    }
    return found
  }
  return columns.map(read)
}

/** The features as a graph's inputs; `feed` says which rows are computed now. */
export function featureColumns(types: readonly { category: boolean; single: boolean; whole: boolean }[]): {
  columns: GraphColumn[]
  feed(columns: readonly FeatureColumn[]): void
} {
  let fed: readonly FeatureColumn[] = []
  return {
    columns: types.map(({ category, single, whole }, feature) => ({
      features: [feature],
      compute() {
        const column = fed[feature]!
        if (category) return column as string[]
        return Float64Array.from(column as number[], (x) => (whole ? Math.trunc(x) : round(single, x)))
      },
    })),
    feed(columns) {
      fed = columns
    },
  }
}
