import type { SampledRow } from './sampled-row.ts'
import { type Slice, typeOf } from './slice.ts'

/** How rows become numbers: fixed on a reference. */
export interface SampleColumns {
  names: string[]
  /** NaN where the feature is missing */
  encode(row: Pick<SampledRow, 'numbers' | 'texts'>): number[]
}

/**
 * Numbers as they are, categories by their share of the reference's rows (new ones 0), as NannyML counts them. Features that are
 * constant in the reference tell nothing and are left out, as is what comes after the first `most`.
 */
export function sampleColumns(reference: Slice, watched: (feature: string) => boolean, most = 60): SampleColumns {
  const columns: { name: string; of(row: Pick<SampledRow, 'numbers' | 'texts'>): number }[] = []
  for (const [name, profile] of reference.features) {
    if (name.startsWith('$') || !watched(name)) continue
    if (typeOf(profile) === 'numeric') {
      if (profile.sketch.size > 1) columns.push({ name, of: ({ numbers }) => numbers[name] ?? Number.NaN })
    } else if (profile.categories.size > 1) {
      let all = 0
      for (const n of profile.categories.values()) all += n
      columns.push({
        name,
        of({ texts }) {
          const value = texts[name]
          return value === undefined ? Number.NaN : (profile.categories.get(value) ?? 0) / all
        },
      })
    }
  }
  const kept = columns.slice(0, most)
  return { names: kept.map(({ name }) => name), encode: (row) => kept.map(({ of }) => of(row)) }
}
