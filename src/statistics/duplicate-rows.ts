import { createMemory } from './memory.ts'
import { wilsonInterval } from './proportions-test.ts'
import type { SampledRow } from './sampled-row.ts'

type Features = Pick<SampledRow, 'numbers' | 'texts'>

/** Rows whose features, all of them, are those of another row. */
function repeated(rows: readonly Features[]): number {
  const counts = new Map<string, number>()
  for (const { numbers, texts } of rows) {
    const sorted = [...Object.entries(numbers), ...Object.entries(texts)].sort((a, b) => (a[0] < b[0] ? -1 : 1))
    const key = JSON.stringify(sorted)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  let found = 0
  for (const n of counts.values()) if (n > 1) found += n
  return found
}

const ofReference = createMemory<readonly Features[], number>()

/**
 * The share of a sample's rows that are repeated in it, beside that of as many rows of the reference: few distinct values repeat
 * themselves by nature, the more the larger the sample. `limit` is the reference's share + 0.02 + 4 standard errors.
 */
export function duplicateRows(
  reference: readonly Features[],
  sample: readonly Features[],
): { value: number; low: number; high: number; reference: number; limit: number } {
  const n = Math.max(1, Math.min(reference.length, sample.length))
  const before = ofReference(reference, String(n), () => repeated(reference.slice(0, n)) / n)
  const successes = repeated(sample.slice(0, n))
  const share = Math.max(before, 1 / n)
  return {
    value: successes / n,
    ...wilsonInterval({ successes, n }),
    reference: before,
    // rows repeat in pairs and more, so their number varies more than that of coins
    limit: Math.min(1, before + 0.02 + 4 * Math.sqrt((2 * share * (1 - Math.min(1, share))) / n)),
  }
}
