import type { RecordedRow } from './explanation-rows.ts'

const mostFeatures = 4
const mostGroups = 12
/** rows of a sample below which a group says nothing */
const fewest = 5

/** The groups of sampled rows that importance is kept for: all (''), and `feature=category` of the features with the fewest categories. */
export function segmentsOf(rows: readonly RecordedRow[]): Map<string, number[]> {
  const groups = new Map<string, Map<string, number[]>>()
  rows.forEach(({ features }, i) => {
    for (const [name, value] of Object.entries(features)) {
      if (typeof value !== 'string' || value === '' || name.startsWith('$')) continue
      const own = groups.get(name) ?? new Map<string, number[]>()
      groups.set(name, own)
      own.set(value, [...(own.get(value) ?? []), i])
    }
  })
  const chosen = [...groups]
    .filter(([, own]) => own.size > 1)
    .sort(([a, m], [b, n]) => m.size - n.size || (a < b ? -1 : 1))
    .slice(0, mostFeatures)
  const segments = new Map([['', rows.map((_, i) => i)]])
  for (const [name, own] of chosen)
    for (const [value, members] of [...own]
      .sort(([a, m], [b, n]) => n.length - m.length || (a < b ? -1 : 1))
      .slice(0, mostGroups))
      if (members.length >= fewest) segments.set(`${name}=${value}`, members)
  return segments
}
