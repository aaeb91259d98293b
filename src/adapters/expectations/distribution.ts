import { z } from 'zod'
import { type ColumnSummary, defineExpectation } from '../../contracts/expectation.ts'
import { chiSquareTest } from '../../statistics/chi-square-test.ts'
import { jensenShannon } from '../../statistics/jensen-shannon.ts'
import { kolmogorovSmirnovOfCounts } from '../../statistics/kolmogorov-smirnov.ts'
import { kullbackLeibler } from '../../statistics/kullback-leibler.ts'
import { populationStabilityIndex } from '../../statistics/population-stability-index.ts'
import { categoryBins, categoryCounts, numericBins, numericCounts } from '../../statistics/reference-bins.ts'

const metrics = ['ks', 'chi2', 'js', 'psi', 'kl'] as const

export default defineExpectation({
  kind: 'distribution',
  title: 'The distribution of a column is still that of an earlier version, or the one that is given',
  config: z
    .strictObject({
      column: z.string(),
      against: z
        .union([z.literal('previous'), z.number().int().positive(), z.string().min(1)])
        .default('previous')
        .meta({ description: 'previous (the newest published version), a version’s number, or a tag' }),
      shares: z
        .record(z.string(), z.number().min(0))
        .optional()
        .meta({ description: 'value: expected share, instead of an earlier version' }),
      metric: z.enum(metrics).default('js').meta({
        description:
          'ks: greatest distance of the cumulative shares; chi2: P value of the χ² test of homogeneity; js: Jensen-Shannon distance; psi: population stability index; kl: Kullback-Leibler divergence of the new from the old, in nats',
      }),
      at_most: z.number().min(0).optional().meta({ description: '0.1 when absent; of psi 0.2' }),
      p_at_least: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .meta({ description: 'of ks and chi2: P value instead of the distance' }),
    })
    .refine(
      (one) => one.p_at_least === undefined || one.metric === 'ks' || one.metric === 'chi2',
      'only ks and chi2 have a P value',
    )
    .refine((one) => one.metric !== 'chi2' || one.p_at_least !== undefined, 'chi2 needs p_at_least'),
  reference: ({ against, shares }) => (shares ? 'previous' : against),
  judge({ column, metric, at_most, p_at_least, shares }, _, { profile, reference }) {
    const now = profile.columns.find(({ name }) => name === column)
    if (!now) return { ok: false, message: `There is no column ${column}` }
    const before = shares ? given(now, shares) : reference?.columns.find(({ name }) => name === column)
    if (!before) return { ok: true, observed: null, message: `There is nothing yet to compare ${column} with` }
    const counts = common(before, now)
    if (!counts) return { ok: false, message: `${column} has no distribution that can be compared` }
    const found = measure(metric, counts.before, counts.now)
    if (!found) return { ok: true, observed: null, message: `There are too few values of ${column} to compare` }
    const limit = at_most ?? (metric === 'psi' ? 0.2 : 0.1)
    const ok = p_at_least === undefined ? found.value <= limit : (found.p ?? 0) >= p_at_least
    const size = (x: number) => Number(x.toPrecision(4))
    return {
      ok,
      observed: { ...found, metric, version: shares ? null : reference!.version },
      message: `${column} is ${metric} ${size(found.value)}${found.p === undefined ? '' : ` (P = ${size(found.p)})`} from ${shares ? 'the given shares' : `version ${reference!.version}`}${ok ? '' : p_at_least === undefined ? `, more than ${limit}` : `, P less than ${p_at_least}`}`,
    }
  },
})

function given(now: ColumnSummary, shares: Record<string, number>): ColumnSummary {
  const total = Object.values(shares).reduce((sum, share) => sum + share, 0)
  const categories = Object.entries(shares).map(([value, share]) => ({ value, count: (share / total) * now.count }))
  return { ...now, sketch: null, categories, otherCategories: 0 }
}

const measures = {
  js: jensenShannon,
  kl: kullbackLeibler,
  psi: populationStabilityIndex,
  ks: kolmogorovSmirnovOfCounts,
} as const

function measure(
  metric: (typeof metrics)[number],
  before: number[],
  now: number[],
): { value: number; p?: number } | undefined {
  if (metric === 'chi2') {
    const tested = chiSquareTest(before, now)
    return tested.ok ? { value: tested.value, p: tested.p } : undefined
  }
  const measured = measures[metric](before, now)
  if (!measured.ok) return undefined
  return 'p' in measured ? { value: measured.value, p: measured.p as number } : { value: measured.value }
}

/** Counts of both over bins that are fixed on the first. */
function common(before: ColumnSummary, now: ColumnSummary): { before: number[]; now: number[] } | undefined {
  if (before.categories && now.categories) {
    const counts = ({ categories }: ColumnSummary) => new Map(categories!.map(({ value, count }) => [value, count]))
    const bins = categoryBins(counts(before), 50)
    const of = (one: ColumnSummary) => {
      const found = categoryCounts(counts(one), bins)
      found[found.length - 1]! += one.otherCategories
      return found
    }
    return { before: of(before), now: of(now) }
  }
  if (!before.sketch || !now.sketch) return undefined
  const sketch = ({ sketch: one }: ColumnSummary) => new Map(one!.keys.map((key, i) => [key, one!.counts[i]!]))
  const bins = numericBins(sketch(before), 20)
  return { before: numericCounts(sketch(before), bins), now: numericCounts(sketch(now), bins) }
}
