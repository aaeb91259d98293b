/** A run of consecutive kept rows that is one file; positions as in the judged rows. */
export interface PlannedPart {
  start: bigint
  /** undefined: to the end */
  end: bigint | undefined
  rows: number
}

const smallestPart = 131_072
const mostParts = 256

/**
 * About how many rows a part has, for so many rows in all. A power of two: the cuts of a larger size are among those of a
 * smaller, so that a version which crosses the limit still shares parts.
 */
export const partSize = (rows: number): number =>
  Math.max(smallestPart, 2 ** Math.floor(Math.log2(Math.max(1, rows / mostParts))))

/**
 * Puts runs of rows between possible cuts together until each has a quarter of the usual size. Cuts are where the content
 * says so, so rows that come or go change the parts around them and no others.
 */
export function planParts(runs: readonly { start: bigint; rows: number }[], size: number): PlannedPart[] {
  const parts: PlannedPart[] = []
  for (const run of runs) {
    const last = parts.at(-1)
    if (last && last.rows < size / 4) last.rows += run.rows
    else {
      if (last) last.end = run.start
      parts.push({ ...run, end: undefined })
    }
  }
  return parts
}
