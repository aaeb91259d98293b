import { type FeatureProfile, noPerformance, type Slice } from '../statistics/slice.ts'
import type { ColumnSide } from './comparison.ts'

export interface ProfiledColumn {
  side: ColumnSide
  /** more categories than are told apart */
  overflow: boolean
}

export interface ProfiledColumns {
  /** in the order of the file */
  chunks: { rows: number; features: Map<string, FeatureProfile> }[]
  columns: Map<string, ProfiledColumn>
}

/** Takes over what a scan of columns as texts has found: their numbers of different values, and for some their lengths. */
export function takeTexts(found: ProfiledColumns, texts: ProfiledColumns, lengths: ReadonlySet<string>): void {
  for (const [name, { side }] of texts.columns) {
    found.columns.set(name, { side, overflow: found.columns.get(name)!.overflow })
    if (!lengths.has(name)) continue
    found.chunks.forEach(({ features }, i) => {
      const own = texts.chunks[i]?.features.get(name)
      if (own) features.set(name, own)
      else features.delete(name)
    })
  }
}

/** Chunks as monitors read them, with the features of one way of looking. */
export const slicesOf = (chunks: readonly { rows: number; features: Map<string, FeatureProfile> }[]): Slice[] =>
  chunks.map(({ rows, features }) => ({ rows, live: rows, features, performance: noPerformance, groups: new Map() }))
