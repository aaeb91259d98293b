import type { Column } from '../../contracts/column.ts'
import type { ColumnProfile, LabelFindings, SampleFindings } from './profile.ts'
import { sensitiveColumn } from './sensitive.ts'
import { formOf, patternOf } from './text-form.ts'

const mostCorrelated = 40
const weakest = 0.3
const shownPatterns = 5

/** What the values of a column look like, by some of them. */
export function describeTexts(
  { name, type }: Column,
  values: readonly unknown[],
): Pick<ColumnProfile, 'form' | 'patterns' | 'sensitive'> {
  if (type !== 'text') return { form: null, patterns: null, sensitive: sensitiveColumn(name, null) }
  const texts = values.filter((value): value is string => typeof value === 'string' && value !== '')
  if (texts.length === 0) return { form: null, patterns: null, sensitive: sensitiveColumn(name, null) }
  const [first] = tally(texts.map((text) => formOf(text)).filter((form) => form !== undefined))
  const form = first && first[1] >= texts.length / 2 ? { is: first[0], share: first[1] / texts.length } : null
  const patterns = tally(texts.map(patternOf))
    .slice(0, shownPatterns)
    .map(([pattern, n]) => ({ pattern, share: n / texts.length }))
  return { form, patterns, sensitive: sensitiveColumn(name, form) }
}

/** What rows say about columns together. `rows` as arrays in the order of the columns; times and dates as numbers. */
export function describeSample(
  columns: readonly Column[],
  rows: readonly (readonly unknown[])[],
  label: string | undefined,
): SampleFindings {
  return {
    rows: rows.length,
    correlations: correlations(columns, rows),
    nearDuplicates: nearDuplicates(columns, rows),
    label: label === undefined ? null : describeLabel(columns, rows, label),
  }
}

const tally = <T>(values: readonly T[]): [T, number][] => {
  const counts = new Map<T, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])
}

/** Pearson's r of each pair, over the rows that have both. */
function correlations(
  columns: readonly Column[],
  rows: readonly (readonly unknown[])[],
): SampleFindings['correlations'] {
  const numbers = columns.flatMap(({ name, type }, i) =>
    ['int', 'float', 'bool'].includes(type)
      ? [{ name, values: Float64Array.from(rows, (row) => (row[i] === null ? Number.NaN : Number(row[i]))) }]
      : [],
  )
  const found: SampleFindings['correlations'] = []
  for (const [i, a] of numbers.slice(0, mostCorrelated).entries())
    for (const b of numbers.slice(i + 1, mostCorrelated)) {
      const r = pearson(a.values, b.values)
      if (Math.abs(r) >= weakest) found.push({ a: a.name, b: b.name, r })
    }
  return found.sort((x, y) => Math.abs(y.r) - Math.abs(x.r)).slice(0, 100)
}

function pearson(a: Float64Array, b: Float64Array): number {
  let [n, ma, mb, saa, sbb, sab] = [0, 0, 0, 0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!]
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue
    n++
    const [da, db] = [x - ma, y - mb]
    ma += da / n
    mb += db / n
    saa += da * (x - ma)
    sbb += db * (y - mb)
    sab += da * (y - mb)
  }
  return n < 3 || saa === 0 || sbb === 0 ? 0 : sab / Math.sqrt(saa * sbb)
}

/** Rows with a text that are equal once case, blanks and signs are left out, but not equal as they are. */
function nearDuplicates(
  columns: readonly Column[],
  rows: readonly (readonly unknown[])[],
): SampleFindings['nearDuplicates'] {
  if (!columns.some(({ type }) => type === 'text')) return { rows: 0, examples: [] }
  const seen = new Map<string, { exact: string; row: number }>()
  const examples: [number, number][] = []
  let found = 0
  for (const [index, row] of rows.entries()) {
    const exact = JSON.stringify(row)
    const loose = row
      .map((value) =>
        typeof value === 'string'
          ? value
              .normalize('NFKD')
              .replace(/[^\p{L}\p{N}]/gu, '')
              .toLowerCase()
          : String(value),
      )
      .join('\u0001')
    const before = seen.get(loose)
    if (!before) seen.set(loose, { exact, row: index })
    else if (before.exact !== exact) {
      found++
      if (examples.length < 5) examples.push([before.row, index])
    }
  }
  return { rows: found, examples }
}

const bins = 50
/** A column that tells so much of what there is to tell about the label knows it. */
const tooGood = 0.98

function describeLabel(
  columns: readonly Column[],
  rows: readonly (readonly unknown[])[],
  label: string,
): LabelFindings | null {
  const at = columns.findIndex(({ name }) => name === label)
  if (at < 0) return null
  const known = rows.filter((row) => row[at] !== null)
  const classes = tally(known.map((row) => String(row[at])))
  const isNumber = columns[at]!.type === 'float' || classes.length > bins
  const leaks: LabelFindings['leaks'] = []
  for (const [i, { name, type }] of columns.entries()) {
    if (i === at) continue
    if (isNumber) {
      const value = (j: number) => Float64Array.from(known, (row) => (row[j] === null ? Number.NaN : Number(row[j])))
      const r = ['int', 'float'].includes(type) ? Math.abs(pearson(value(i), value(at))) : 0
      if (r >= 0.99) leaks.push({ column: name, share: r, why: `its correlation with ${label} is ${r.toFixed(3)}` })
      continue
    }
    const share = told(
      known.map((row) => [binned(known, row, i, type), String(row[at])]),
      classes[0]?.[1] ?? 0,
    )
    if (share >= tooGood)
      leaks.push({
        column: name,
        share,
        why: `its values tell ${(share * 100).toFixed(1)} % of what there is to tell about ${label}`,
      })
  }
  return {
    column: label,
    classes: isNumber ? [] : classes.map(([value, n]) => ({ value, share: n / known.length })),
    imbalance: isNumber || classes.length < 2 ? null : classes.at(-1)![1] / classes[0]![1],
    leaks,
  }
}

const edges = new WeakMap<object, Map<number, number[]>>()
/** A number's bin of equal frequency; other values are bins of their own. */
function binned(rows: readonly (readonly unknown[])[], row: readonly unknown[], i: number, type: string): string {
  if (row[i] === null || !['int', 'float', 'time', 'date'].includes(type)) return String(row[i])
  const known = edges.get(rows) ?? new Map<number, number[]>()
  edges.set(rows, known)
  let cuts = known.get(i)
  if (!cuts) {
    const sorted = rows.flatMap((one) => (one[i] === null ? [] : [Number(one[i])])).sort((a, b) => a - b)
    cuts = [...new Set(Array.from({ length: bins }, (_, k) => sorted[Math.floor((sorted.length * (k + 1)) / bins)]!))]
    known.set(i, cuts)
  }
  const value = Number(row[i])
  return String(cuts.findIndex((cut) => value < cut))
}

/** Share of the errors of always saying the most frequent class that knowing the bin avoids (Goodman & Kruskal's λ); 0 when bins are nearly as many as rows. */
function told(pairs: readonly [string, string][], mostFrequent: number): number {
  const counts = new Map<string, Map<string, number>>()
  for (const [bin, value] of pairs) {
    const own = counts.get(bin) ?? new Map<string, number>()
    own.set(value, (own.get(value) ?? 0) + 1)
    counts.set(bin, own)
  }
  const errors = pairs.length - mostFrequent
  if (errors === 0 || counts.size > pairs.length / 20) return 0
  let right = 0
  for (const own of counts.values()) right += Math.max(...own.values())
  return (right - mostFrequent) / errors
}
