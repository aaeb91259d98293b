import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Column } from '../../contracts/column.ts'
import { jensenShannon } from '../../statistics/jensen-shannon.ts'
import {
  categoryBins,
  categoryCounts,
  numericBins,
  numericCounts,
  numericEdges,
} from '../../statistics/reference-bins.ts'
import { shares } from '../../statistics/shares.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { quoteName } from '../expression/sql-text.ts'
import type { ColumnProfile } from '../profile/profile.ts'
import type { DatasetVersion, DatasetVersionSummary } from './dataset-version.ts'
import { diffByKey, hashOf, type KeyedDiff } from './diff-by-key.ts'
import { createRunEngine, type RunEngine } from './run-engine.ts'
import { sharedRows, type VersionFiles } from './version-files.ts'

export interface ColumnDiff extends Column {
  missing: { a: number; b: number }
  mean: { a: number | null; b: number | null }
  distinct: { a: number; b: number }
  /** 0 for the same distribution, √ln 2 ≈ 0.83 for disjoint ones; null for times */
  distance: { metric: string; value: number; definition: string } | null
  bins: { label: string; a: number; b: number }[]
}

export interface DatasetDiff {
  a: DatasetVersionSummary
  b: DatasetVersionSummary
  schema: { added: Column[]; removed: Column[]; changed: { name: string; from: Column['type']; to: Column['type'] }[] }
  /** rows that are equal in every common column, counted with repetitions */
  rows: { a: number; b: number; common: number; added: number; removed: number }
  /** by the columns that name a row; null when none are named */
  keys: KeyedDiff | null
  columns: ColumnDiff[]
}

/** Compares two versions: schema, rows, and the distribution of each common column over bins fixed on the first. */
export async function diffVersions(
  { engine, files, folder }: { engine: EventsStore; files: VersionFiles; folder: string },
  a: DatasetVersion,
  b: DatasetVersion,
  by?: readonly string[],
): Promise<DatasetDiff> {
  const before = new Map(a.schema.map((column) => [column.name, column.type]))
  const after = new Map(b.schema.map((column) => [column.name, column.type]))
  const common = a.schema.filter(({ name, type }) => after.get(name) === type)
  const profileOf = (version: DatasetVersion, name: string) =>
    version.profile.columns.find((column) => column.name === name)!
  // parts that both have are the same rows
  const same = a.schema.length === common.length && b.schema.length === common.length
  const tables = same ? await files.difference(a, b) : { a: await files.table(a), b: await files.table(b) }
  const shared = same ? sharedRows(a, b) : 0
  await mkdir(folder, { recursive: true })
  const run = createRunEngine(engine)
  const keys = by ? await diffByKey(run, common, by, tables, join(folder, 'differing.native')) : null
  const rows =
    keys && same && keys.repeated === 0
      ? {
          common: a.rowCount - keys.removed - keys.changed,
          added: keys.added + keys.changed,
          removed: keys.removed + keys.changed,
        }
      : await compareRows(run, common, tables, shared)
  return {
    a: summary(a),
    b: summary(b),
    schema: {
      added: b.schema.filter(({ name }) => !before.has(name)),
      removed: a.schema.filter(({ name }) => !after.has(name)),
      changed: a.schema.flatMap(({ name, type }) => {
        const to = after.get(name)
        return to !== undefined && to !== type ? [{ name, from: type, to }] : []
      }),
    },
    rows: { a: a.rowCount, b: b.rowCount, ...rows },
    keys,
    columns: common.map(({ name }) =>
      diffColumn(profileOf(a, name), profileOf(b, name), a.profile.rows, b.profile.rows),
    ),
  }
}

function summary({ profile: _, ...rest }: DatasetVersion): DatasetVersionSummary {
  return rest
}

async function compareRows(
  engine: RunEngine,
  columns: readonly Column[],
  tables: { a: string | undefined; b: string | undefined },
  shared: number,
) {
  if (columns.length === 0) return { common: 0, added: 0, removed: 0 }
  // two numbers, so that no two of billions of rows are taken for equal
  const hash = `${hashOf(columns)} AS h, metroHash64(${columns.map(({ name }) => `tuple(r.${quoteName(name)})`).join(', ')}) AS g`
  const sides = [
    tables.a && `SELECT ${hash}, 0 AS side FROM ${tables.a} AS r`,
    tables.b && `SELECT ${hash}, 1 AS side FROM ${tables.b} AS r`,
  ].filter(Boolean)
  if (sides.length === 0) return { common: shared, added: 0, removed: 0 }
  const [row] = await engine.query<{ common: number; added: number; removed: number }>(
    `SELECT sum(least(a, b)) AS common, sum(b - least(a, b)) AS added, sum(a - least(a, b)) AS removed FROM (
       SELECT countIf(side = 0) AS a, countIf(side = 1) AS b FROM (${sides.join(' UNION ALL ')}) GROUP BY h, g)`,
  )
  return {
    common: shared + Number(row?.common ?? 0),
    added: Number(row?.added ?? 0),
    removed: Number(row?.removed ?? 0),
  }
}

function diffColumn(a: ColumnProfile, b: ColumnProfile, rowsA: number, rowsB: number): ColumnDiff {
  return {
    name: a.name,
    type: a.type,
    missing: { a: share(a.missing, rowsA), b: share(b.missing, rowsB) },
    mean: { a: a.mean, b: b.mean },
    distinct: { a: a.distinct, b: b.distinct },
    ...distribution(a, b),
  }
}

const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole)
const round = (x: number) => Number(x.toPrecision(4)).toString()

function distribution(a: ColumnProfile, b: ColumnProfile): Pick<ColumnDiff, 'distance' | 'bins'> {
  // of numbers that are not few, the most frequent ones say little
  const many = a.sketch && b.sketch && a.otherCategories + b.otherCategories > 0
  const binned =
    a.categories && b.categories && !many
      ? categoryShares(a, b)
      : a.sketch && b.sketch
        ? numericShares(a, b)
        : undefined
  if (!binned) return { distance: null, bins: [] }
  const measured = jensenShannon(binned.counts.a, binned.counts.b)
  const [p, q] = [shares(binned.counts.a), shares(binned.counts.b)]
  return {
    distance: measured.ok ? { metric: 'jensen_shannon', value: measured.value, definition: binned.definition } : null,
    bins: binned.labels.map((label, i) => ({ label, a: p[i]!, b: q[i]! })).filter((bin) => bin.a > 0 || bin.b > 0),
  }
}

const sketchOf = ({ sketch }: ColumnProfile) => new Map(sketch!.keys.map((key, i) => [key, sketch!.counts[i]!]))

function numericShares(a: ColumnProfile, b: ColumnProfile) {
  const bins = numericBins(sketchOf(a), 10)
  const edges = numericEdges(bins).map(round)
  const labels = [...edges.map((edge, i) => (i === 0 ? `≤ ${edge}` : `${edges[i - 1]} … ${edge}`)), `> ${edges.at(-1)}`]
  return {
    counts: { a: numericCounts(sketchOf(a), bins), b: numericCounts(sketchOf(b), bins) },
    labels,
    definition: 'Jensen-Shannon distance, natural logarithm, 10 bins of equal frequency in the first version',
  }
}

function categoryShares(a: ColumnProfile, b: ColumnProfile) {
  const counts = (profile: ColumnProfile) => new Map(profile.categories!.map(({ value, count }) => [value, count]))
  const bins = categoryBins(counts(a), 50)
  const withOthers = (profile: ColumnProfile) => {
    const found = categoryCounts(counts(profile), bins)
    found[found.length - 1]! += profile.otherCategories
    return found
  }
  return {
    counts: { a: withOthers(a), b: withOthers(b) },
    labels: [...bins.categories, 'others'],
    definition:
      'Jensen-Shannon distance, natural logarithm, the 50 most frequent categories of the first version and the rest',
  }
}
