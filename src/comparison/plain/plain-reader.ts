import { closeSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { type FeatureProfile, noProfile } from '../../statistics/slice.ts'
import type { ScannedColumn } from '../chunk-statement.ts'
import type { ColumnKind } from '../comparison.ts'
import type { ProfiledColumns } from '../profiled-columns.ts'
import { kindOf, type Table, zoneNotes } from '../table.ts'
import type { TableReader } from '../table-reader.ts'
import type { ModelColumns } from '../truth-statement.ts'
import { type AlignedInput, alignedNumbers } from './aligned-numbers.ts'
import { chunkEdges } from './chunk-edges.ts'
import { correlate } from './correlate.ts'
import { plainErrorSums } from './error-sums.ts'
import { NeedsEngine } from './needs-engine.ts'
import { openPlainFile, type PlainColumn, type PlainFile } from './plain-file.ts'
import { createWorkspace, profileColumn } from './profile-column.ts'
import { plainScoreSums } from './score-sums.ts'

/**
 * Reads Parquet tables of flat columns of plain types here, without the engine, whose start costs more than such a scan.
 * `NeedsEngine` where a file, or what is asked, is not so plain; then the engine answers as well.
 */
export function openPlainReader(wanted: ReadonlySet<string> | undefined): TableReader {
  const files = new Map<Table, PlainFile>()
  const workspace = createWorkspace()
  const needsEngine = (): Promise<never> => Promise.reject(new NeedsEngine('asked for what only the engine does'))
  const columnOf = (table: Table, { name, parsed }: ScannedColumn): PlainColumn => {
    const column = files.get(table)!.columns.get(name)
    if (!column || parsed) throw new NeedsEngine(name)
    return column
  }
  return {
    async open(file, side) {
      if (file.format !== 'parquet') throw new NeedsEngine(file.format)
      const plain = openPlainFile(file.path, file.bytes)
      const kept = [...plain.columns].filter(([name]) => wanted?.has(name) ?? true)
      if (plain.rows === 0 || kept.some(([, column]) => !column)) throw new NeedsEngine('a column is not plain')
      const columns = [...plain.columns].map(([name, column]) => ({
        name,
        type: column?.type ?? '',
        kind: kindOf(column?.type ?? '') as ColumnKind,
        asText: false,
      }))
      // no statement is made of it: the name of its side stands for it
      const table: Table = { file, sql: side, rows: plain.rows, columns, notes: zoneNotes(file, columns) }
      files.set(table, plain)
      return table
    },
    async profile(table, chunks, columns) {
      const file = files.get(table)!
      const edges = chunkEdges(table.rows, chunks)
      const found: ProfiledColumns = {
        chunks: edges.slice(1).map((end, i) => ({ rows: end - edges[i]!, features: new Map() })),
        columns: new Map(),
      }
      for (const column of columns) {
        const { profiles, side, overflow } = profileColumn(file, columnOf(table, column), column, edges, workspace)
        found.columns.set(column.name, { side, overflow })
        addProfiles(found, column.name, profiles)
        // an interrupt is heard between columns
        await turn()
      }
      return found
    },
    async correlations(table, columns) {
      return correlate(
        files.get(table)!,
        columns.map((column) => columnOf(table, column)),
      )
    },
    async scoreSums(table, chunks, model) {
      return plainScoreSums(
        files.get(table)!,
        chunks,
        numbersOf(columnOf(table, model.score!)),
        classes(columnOf(table, model.target!), model),
        model.threshold,
      )
    },
    async errorSums(table, chunks, model) {
      const of = (column: ScannedColumn) => numbersOf(columnOf(table, column))
      return plainErrorSums(files.get(table)!, chunks, of(model.prediction!), of(model.target!))
    },
    async sampleRows(table, columns, most) {
      const step = Math.max(1, Math.ceil(table.rows / most))
      const rows: number[][] = []
      const inputs = columns.map((column) => numbersOf(columnOf(table, column)))
      for (const { firstRow, rows: n, values } of alignedNumbers(files.get(table)!, inputs))
        for (let i = (step - (firstRow % step)) % step; i < n; i += step)
          rows.push(values.map((column) => finiteOr(column[i]!)))
      return rows.slice(0, most)
    },
    confusions: needsEngine,
    largestGroups: needsEngine,
    groupCounts: needsEngine,
    async close() {
      for (const { descriptor } of files.values()) closeSync(descriptor)
      files.clear()
    },
  }
}

function addProfiles(found: ProfiledColumns, name: string, profiles: readonly FeatureProfile[]) {
  let any = false
  profiles.forEach((profile, chunk) => {
    // a chunk without values has no say in the range of the whole
    if (profile.count === 0) return
    found.chunks[chunk]!.features.set(name, profile)
    any = true
  })
  // what has no value anywhere is a feature all the same
  if (!any) found.chunks[0]!.features.set(name, noProfile)
}

function numbersOf(column: PlainColumn): AlignedInput {
  if (column.kind !== 'number') throw new NeedsEngine(column.name)
  return { column }
}

const finiteOr = (x: number) => (Number.isFinite(x) ? x : Number.NaN)

const WORDS = new Map([
  ['1', 1],
  ['true', 1],
  ['yes', 1],
  ['0', 0],
  ['false', 0],
  ['no', 0],
])

/** 1, 0, or NaN where the column says neither. */
function classes(column: PlainColumn, { positive }: ModelColumns): AlignedInput {
  if (positive === undefined) return { column, ofText: (text) => WORDS.get(text.toLowerCase()) ?? Number.NaN }
  if (column.kind !== 'text') throw new NeedsEngine(column.name)
  return { column, ofText: (text) => Number(text === positive) }
}
