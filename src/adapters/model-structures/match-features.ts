import type { Column, ModelDescription } from '../../contracts/model-runtime.ts'
import { NoTree } from './grow-tree.ts'

/** Where a booster's columns come from. */
export interface MatchedFeatures {
  /** by column of the booster, the feature's index */
  parts: Int32Array
  /** The values of a booster's column: numbers, or the codes of texts. */
  values(columns: readonly Column[], column: number): ArrayLike<number>
}

/**
 * By name where all names are the model's (spaces may have become underscores), by position where the numbers agree. Texts
 * become their place in `categories`, by column; one that is not there is missing. Errors: `NoTree`.
 */
export function matchFeatures(
  names: readonly string[],
  { features }: ModelDescription,
  categories: ReadonlyMap<number, readonly string[]>,
): MatchedFeatures {
  const plain = (name: string) => name.replaceAll(/[^\p{L}\p{N}]/gu, '_')
  const byName = new Map(features.map(({ name }, i) => [plain(name), i]))
  const found = names.map((name) => byName.get(plain(name)))
  const named = found.every((at) => at !== undefined) && new Set(found).size === found.length
  if (!named && names.length !== features.length)
    throw new NoTree(`its file has ${names.length} features, the model names ${features.length}`)
  const parts = Int32Array.from(names, (_, i) => (named ? found[i]! : i))
  const codes = new Map(
    [...categories].map(([column, texts]) => [column, new Map(texts.map((text, code) => [text, code]))]),
  )
  parts.forEach((part, column) => {
    if (features[part]!.type === 'category' && !codes.has(column))
      throw new NoTree(`its file does not say which number stands for which text of ${features[part]!.name}`)
  })
  return {
    parts,
    values(columns, column) {
      const values = columns[parts[column]!]!
      const known = codes.get(column)
      if (!known || typeof values[0] !== 'string') return values as ArrayLike<number>
      return Float64Array.from(values as string[], (text) => known.get(text) ?? Number.NaN)
    },
  }
}
