import { type FeatureProfile, noProfile } from '../statistics/slice.ts'
import { chunkStatement, MOST_CATEGORIES, type ScannedColumn } from './chunk-statement.ts'
import type { ColumnSide } from './comparison.ts'
import { reading } from './open-table.ts'
import type { ProfiledColumns } from './profiled-columns.ts'
import type { Table } from './table.ts'
import type { TableEngine } from './table-engine.ts'

/** What stands for the categories that are too many to be told apart. */
const OTHERS = '(others)'

type Row = Record<string, unknown>
type Pairs<K> = [K, number][]

/** One scan of some columns of a file. */
export async function profileColumns(
  engine: TableEngine,
  table: Table,
  chunks: number,
  columns: readonly ScannedColumn[],
): Promise<ProfiledColumns> {
  const { rows, totals } = await reading(table.file, () => engine.query<Row>(chunkStatement(table, chunks, columns)))
  rows.sort((a, b) => Number(a.chunk) - Number(b.chunk))
  const found: ProfiledColumns = { chunks: [], columns: new Map() }
  columns.forEach((column, i) => {
    found.columns.set(column.name, {
      side: sideOf(column, totals!, i),
      overflow: ((totals![`top${i}`] as unknown[] | undefined)?.length ?? 0) > MOST_CATEGORIES,
    })
  })
  for (const row of rows) {
    const features = new Map<string, FeatureProfile>()
    columns.forEach(({ name, kind }, i) => {
      const profile =
        kind === 'category'
          ? categoriesOf(row, i)
          : kind === 'number' || kind === 'text'
            ? momentsOf(row, i)
            : { ...noProfile, count: Number(row[`n${i}`]) }
      // a chunk without values has no say in the range of the whole
      if (profile.count > 0) features.set(name, profile)
    })
    found.chunks.push({ rows: Number(row.rows), features })
  }
  // what has no value anywhere is a feature all the same
  for (const { name } of columns)
    if (!found.chunks.some(({ features }) => features.has(name))) found.chunks[0]!.features.set(name, noProfile)
  return found
}

function momentsOf(row: Row, i: number): FeatureProfile {
  const count = Number(row[`finite${i}`])
  if (count === 0) return noProfile
  const sum = Number(row[`sum${i}`])
  const centred = Number(row[`centred${i}`] ?? 0)
  return {
    count,
    sum,
    sumSquares: centred + (sum * sum) / count,
    centred,
    minimum: Number(row[`low${i}`]),
    maximum: Number(row[`high${i}`]),
    sketch: new Map(row[`sketch${i}`] as Pairs<number>),
    categories: new Map(),
  }
}

function categoriesOf(row: Row, i: number): FeatureProfile {
  const count = Number(row[`n${i}`])
  const categories = new Map<string, number>()
  let told = 0
  for (const [category, n] of (row[`top${i}`] as Pairs<string>).slice(0, MOST_CATEGORIES)) {
    categories.set(category, (categories.get(category) ?? 0) + n)
    told += n
  }
  if (told < count) categories.set(OTHERS, (categories.get(OTHERS) ?? 0) + count - told)
  return { ...noProfile, count, categories }
}

function sideOf({ kind, type, parsed }: ScannedColumn, totals: Row, i: number): ColumnSide {
  const rows = Number(totals.rows)
  const there = Number(totals[`n${i}`])
  const unreadable = parsed ? Number(totals[`unread${i}`]) : 0
  const finite = kind === 'number' ? Number(totals[`finite${i}`]) : there
  return {
    type,
    missing: rows - finite,
    notFinite: kind === 'number' && !parsed ? there - finite : 0,
    unreadable,
    distinct: kind === 'category' ? (totals[`top${i}`] as unknown[]).length : Number(totals[`distinct${i}`] ?? 0),
    first: there > 0 ? ((totals[`first${i}`] as string | undefined) ?? null) : null,
    last: there > 0 ? ((totals[`last${i}`] as string | undefined) ?? null) : null,
  }
}
