import { type FeatureProfile, noProfile } from '../../statistics/slice.ts'
import type { ScannedColumn } from '../chunk-statement.ts'
import type { ColumnSide } from '../comparison.ts'
import { inChunks } from './chunk-edges.ts'
import { createDistinctCounter, type DistinctCounter } from './count-distinct.ts'
import { NeedsEngine } from './needs-engine.ts'
import type { PlainColumn, PlainFile } from './plain-file.ts'
import { createNumberProfiles, newBins } from './profile-numbers.ts'
import { createCategoryProfiles, lengthPages } from './profile-texts.ts'
import { readPages } from './read-pages.ts'

export interface ProfiledColumnOfFile {
  profiles: FeatureProfile[]
  side: ColumnSide
  /** more categories than are told apart: the profiles are of no use */
  overflow: boolean
}

/** What is worked with, for one column after the other: with many narrow columns making it anew is most of the work. */
export interface Workspace {
  distinct: DistinctCounter
  bins: Int32Array
}

export const createWorkspace = (): Workspace => ({ distinct: createDistinctCounter(), bins: newBins() })

/** Reads a column once: what it shows in every chunk, and as a whole. */
export function profileColumn(
  file: PlainFile,
  column: PlainColumn,
  { type, kind }: ScannedColumn,
  edges: readonly number[],
  { distinct, bins }: Workspace,
): ProfiledColumnOfFile {
  distinct.clear()
  const side: ColumnSide = { type, missing: 0, notFinite: 0, unreadable: 0, distinct: 0, first: null, last: null }
  if (kind === 'number' && column.kind === 'number') {
    const numbers = createNumberProfiles(edges, bins, distinct)
    for (const page of readPages(file, column)) numbers.add(page)
    const { profiles, there, finite } = numbers.end()
    const missing = file.rows - finite
    return {
      profiles,
      side: { ...side, missing, notFinite: there - finite, distinct: distinct.value() },
      overflow: false,
    }
  }
  if (kind === 'text' && column.kind === 'text') {
    const lengths = createNumberProfiles(edges, bins)
    const asLengths = lengthPages(distinct)
    for (const page of readPages(file, column)) lengths.add(asLengths(page))
    const { profiles, there } = lengths.end()
    return { profiles, side: { ...side, missing: file.rows - there, distinct: distinct.value() }, overflow: false }
  }
  if (kind === 'category' && (column.kind === 'text' || column.kind === 'bool')) {
    const categories = createCategoryProfiles(edges)
    for (const page of readPages(file, column)) if (!categories.add(page)) return { profiles: [], side, overflow: true }
    const { profiles, distinct } = categories.end()
    const there = profiles.reduce((n, { count }) => n + count, 0)
    return { profiles, side: { ...side, missing: file.rows - there, distinct }, overflow: false }
  }
  if (kind === 'time' || kind === 'other') return presence(file, column, kind, side, edges)
  throw new NeedsEngine(`${column.name} as ${kind}`)
}

/** How many rows of each chunk have a value; of times also the first and the last. */
function presence(
  file: PlainFile,
  column: PlainColumn,
  kind: 'time' | 'other',
  side: ColumnSide,
  edges: readonly number[],
): ProfiledColumnOfFile {
  const counts = new Array<number>(edges.length - 1).fill(0)
  let low = Infinity
  let high = -Infinity
  for (const page of readPages(file, column)) {
    const { indices, dictionary, numbers, present } = page
    inChunks(edges, page, (chunk, from, to) => {
      for (let i = from; i < to; i++) {
        if (present !== undefined && present[i] === 0) continue
        counts[chunk]!++
        if (kind === 'other') continue
        const x = indices ? dictionary!.numbers![indices[i]!]! : numbers![i]!
        if (x < low) low = x
        if (x > high) high = x
      }
    })
  }
  const there = counts.reduce((a, b) => a + b, 0)
  const shown = (x: number) => (kind === 'time' && there > 0 ? timeText(x, column.resolution) : null)
  return {
    profiles: counts.map((count) => ({ ...noProfile, count })),
    side: { ...side, missing: file.rows - there, first: shown(low), last: shown(high) },
    overflow: false,
  }
}

/** As the engine writes times: days, or seconds with as many digits as the column has. */
function timeText(x: number, resolution: number): string {
  if (resolution === 0) return new Date(x * 86_400_000).toISOString().slice(0, 10)
  const seconds = Math.floor(x / resolution)
  const digits = Math.round(Math.log10(resolution))
  const text = new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')
  return `${text}.${String(x - seconds * resolution).padStart(digits, '0')}`
}
