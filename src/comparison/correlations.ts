import { benjaminiHochberg } from '../statistics/benjamini-hochberg.ts'
import { normalTwoSided } from '../statistics/normal.ts'
import type { AlignedColumn } from './align-columns.ts'
import { numberOf, type ScannedColumn } from './chunk-statement.ts'
import type { CorrelationChange } from './comparison.ts'
import { reading, type Table } from './open-table.ts'
import type { TableEngine } from './table-engine.ts'

/** Numbers whose correlations are looked at: pairs grow with the square. */
const MOST_CORRELATED = 30

/** Pearson's correlations of columns over the rows in which all are finite. */
async function correlationMatrix(engine: TableEngine, table: Table, columns: readonly ScannedColumn[]) {
  const values = columns.map(numberOf)
  const { rows } = await reading(table.file, () =>
    engine.query<{ n: number; matrix: (number | null)[][] }>(
      `SELECT count() AS n, corrMatrix(${values.join(', ')}) AS matrix FROM ${table.sql} WHERE ${values.map((x) => `isFinite(${x})`).join(' AND ')}`,
    ),
  )
  return rows[0]!
}

interface Matrix {
  n: number
  matrix: (number | null)[][]
}

/** Pairs whose correlation changed, the largest change first; p of the difference of Fisher's z (1921), adjusted over pairs. */
function correlationChanges(names: readonly string[], reference: Matrix, current: Matrix): CorrelationChange[] {
  if (reference.n < 10 || current.n < 10) return []
  const z = (r: number) => Math.atanh(Math.max(-0.999999, Math.min(0.999999, r)))
  const error = Math.sqrt(1 / (reference.n - 3) + 1 / (current.n - 3))
  const pairs = names.flatMap((first, i) =>
    names.slice(i + 1).flatMap((second, k) => {
      const before = reference.matrix[i]?.[i + 1 + k]
      const after = current.matrix[i]?.[i + 1 + k]
      if (typeof before !== 'number' || typeof after !== 'number') return []
      return [{ first, second, reference: before, current: after, p: normalTwoSided((z(after) - z(before)) / error) }]
    }),
  )
  const { adjusted } = benjaminiHochberg(
    pairs.map((pair) => pair.p),
    0.05,
  )
  return pairs
    .map((pair, i) => ({ ...pair, p: adjusted[i]! }))
    .sort((a, b) => Math.abs(b.current - b.reference) - Math.abs(a.current - a.reference))
}

/** How correlations of the numbers changed; a note where there are too many pairs to look at. */
export async function compareCorrelations(
  engine: TableEngine,
  reference: Table,
  current: Table,
  columns: readonly AlignedColumn[],
  notes: string[],
) {
  const numbers = columns.filter(
    (column): column is AlignedColumn & { reference: ScannedColumn; current: ScannedColumn } =>
      column.kind === 'number' && column.reference?.kind === 'number' && column.current?.kind === 'number',
  )
  if (numbers.length < 2) return []
  if (numbers.length > MOST_CORRELATED) {
    notes.push(`correlations are compared for up to ${MOST_CORRELATED} numeric columns; there are ${numbers.length}`)
    return []
  }
  const [before, after] = await Promise.all([
    correlationMatrix(
      engine,
      reference,
      numbers.map((column) => column.reference),
    ),
    correlationMatrix(
      engine,
      current,
      numbers.map((column) => column.current),
    ),
  ])
  return correlationChanges(
    numbers.map((column) => column.name),
    before,
    after,
  )
}
