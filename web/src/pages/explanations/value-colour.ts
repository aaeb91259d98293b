/** Colour of each value of a column: low to high by rank; texts and what is missing have no place on the scale. */
export function valueColours(values: readonly (number | string | null)[]): string[] {
  const sorted = values.filter((value) => typeof value === 'number').sort((a, b) => a - b)
  const rankOf = (value: number) => {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sorted[middle]! < value) low = middle + 1
      else high = middle
    }
    return sorted.length > 1 ? low / (sorted.length - 1) : 0.5
  }
  return values.map((value) =>
    typeof value === 'number'
      ? `color-mix(in srgb, var(--series-5) ${Math.round(rankOf(value) * 100)}%, var(--series-6))`
      : value === null
        ? 'var(--faint)'
        : 'var(--series-8)',
  )
}
