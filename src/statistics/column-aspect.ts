/** Stands between a column and what is measured of its values. */
const BETWEEN = ' · '

/** The name under which an aspect of a column (`comment`, `length`) is watched as a feature of its own. */
export const aspectName = (column: string, aspect: string): string => `${column}${BETWEEN}${aspect}`

/**
 * Aspects of texts, vectors and images. `vocabulary` has a category a word; `mean` is about the mean vector, its numbers are the
 * rows’ cosine distances to that of the reference.
 */
export const aspects = {
  text: ['length', 'words', 'unknown words', 'vocabulary'],
  vector: ['norm', 'distance', 'mean'],
  image: ['width', 'height', 'bytes', 'brightness', 'contrast'],
} as const

/** The column and the aspect that a feature's name says; undefined where it is a column itself. */
export function aspectOf(feature: string): { column: string; aspect: string } | undefined {
  const at = feature.lastIndexOf(BETWEEN)
  if (at <= 0) return undefined
  const aspect = feature.slice(at + BETWEEN.length)
  return Object.values(aspects).some((some) => (some as readonly string[]).includes(aspect))
    ? { column: feature.slice(0, at), aspect }
    : undefined
}
