import { benjaminiHochberg } from '../statistics/benjamini-hochberg.ts'
import { normalTwoSided } from '../statistics/normal.ts'
import type { AlignedColumn } from './align-columns.ts'
import type { ScannedColumn } from './chunk-statement.ts'
import type { CorrelationChange } from './comparison.ts'
import type { Table } from './table.ts'
import type { CorrelationMatrix, TableReader } from './table-reader.ts'

/** Numbers whose correlations are looked at: pairs grow with the square. */
const MOST_CORRELATED = 30

/** Pairs whose correlation changed, the largest change first; p of the difference of Fisher's z (1921), adjusted over pairs. */
function correlationChanges(
  names: readonly string[],
  reference: CorrelationMatrix,
  current: CorrelationMatrix,
): CorrelationChange[] {
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
  reader: TableReader,
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
    reader.correlations(
      reference,
      numbers.map((column) => column.reference),
    ),
    reader.correlations(
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
