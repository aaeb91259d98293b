import type { Column } from '../../contracts/column.ts'
import { quoteName } from '../expression/sql-text.ts'
import { countVerdicts, stepFlow, type Tally, tallySql } from '../version/count-verdicts.ts'
import { asArrays, selectForJson } from '../version/read-rows.ts'
import type { RunEngine } from '../version/run-engine.ts'
import { type Layer, ofPosition, type Pipeline } from './compile-curation.ts'

export interface PreviewHistogram {
  /** of bins, or values */
  labels: string[]
  before: number[]
  after: number[]
}

export interface PreviewStep {
  step: number
  operation: string
  in: number
  out: number
  added: number
  quarantined: number
  removed: number
  reasons: { reason: string; rows: number }[]
  /** of the column that was asked for, before and after the step */
  histogram: PreviewHistogram | null
}

export interface Preview {
  /** rows of the source that were looked at */
  sampled: number
  steps: PreviewStep[]
  columns: Column[]
  rows: unknown[][]
  quarantine: { row: number; step: number; operation: string; reason: string; value: string | null }[]
}

const shown = 50
const bins = 20

/** What a compiled curation does with the (few) rows of its source, step by step. */
export async function previewCuration(engine: RunEngine, pipeline: Pipeline, column?: string): Promise<Preview> {
  const query = <T>(sql: string) => engine.query<T>(sql, pipeline.params, pipeline.settings)
  const tally = await query<Tally>(tallySql(`(${pipeline.sql})`))
  const { counts, reasons } = countVerdicts(tally, pipeline)
  const flow = stepFlow(counts)
  const histograms = column === undefined ? [] : await histogramsOf(query, pipeline.layers, column)
  const found = await query<Record<string, unknown>>(
    `SELECT ${selectForJson(pipeline.columns)} FROM (${pipeline.sql}) AS s WHERE s.__verdict = 0 ORDER BY s.__row LIMIT ${shown}`,
  )
  const left = await query<{ __place: number; __verdict: number; __value: string | null }>(
    `SELECT ${ofPosition.place('__row')} AS __place, __verdict, __value FROM (${pipeline.sql}) WHERE __verdict IN (${[0, ...pipeline.verdicts.flatMap((verdict, i) => (verdict?.action === 'quarantine' ? [i] : []))].slice(1).join(', ') || '65535'}) ORDER BY __row LIMIT ${shown}`,
  )
  return {
    sampled: counts.read,
    steps: counts.steps.map((one, i) => ({
      ...one,
      ...flow[i]!,
      added: one.added ?? 0,
      reasons: reasons.filter(({ step }) => step === one.step).map(({ reason, rows }) => ({ reason, rows })),
      histogram: histograms[i] ?? null,
    })),
    columns: pipeline.columns,
    rows: asArrays(pipeline.columns, found),
    quarantine: left.map(({ __place: row, __verdict: verdict, __value: value }) => {
      const { step, operation, reason } = pipeline.verdicts[verdict]!
      return { row, step, operation, reason, value }
    }),
  }
}

/** Before and after each step, over common bins; null where the column is on neither side. */
async function histogramsOf(
  query: <T>(sql: string) => Promise<T[]>,
  layers: readonly Layer[],
  column: string,
): Promise<(PreviewHistogram | null)[]> {
  const having = layers.flatMap((layer, i) => {
    const found = layer.columns.find(({ name }) => name === column)
    return found ? [{ ...layer, i, type: found.type }] : []
  })
  if (having.length === 0) return layers.map(() => null)
  const isNumber = ['int', 'float'].includes(having.at(-1)!.type)
  const value = isNumber ? `toFloat64OrNull(toString(l.${quoteName(column)}))` : `toString(l.${quoteName(column)})`
  const all = having
    .map(({ sql, i }) => `SELECT ${i} AS layer, ${value} AS v FROM (${sql}) AS l WHERE l.__verdict = 0`)
    .join(' UNION ALL ')
  const bin = isNumber ? await numericBins(query, all) : 'v'
  const counts = await query<{ layer: number; bin: string; n: number }>(
    `SELECT layer, toString(assumeNotNull(${bin})) AS bin, count() AS n FROM (${all}) WHERE v IS NOT NULL GROUP BY layer, bin ORDER BY n DESC, bin LIMIT 5000`,
  )
  const names = [...new Set(counts.map((one) => one.bin))]
  const labels = isNumber ? names.sort((a, b) => Number(a) - Number(b)) : names.slice(0, bins).sort()
  const of = (layer: number) => {
    const own = new Map(counts.filter((one) => one.layer === layer).map((one) => [one.bin, one.n]))
    return labels.map((label) => own.get(label) ?? 0)
  }
  return layers.map((_, i) => (i === 0 ? null : { labels, before: of(i - 1), after: of(i) }))
}

/** SQL of a number's bin, by its lower edge. */
async function numericBins(query: <T>(sql: string) => Promise<T[]>, all: string): Promise<string> {
  const [range] = await query<{ low: number | null; high: number | null }>(
    `SELECT min(v) AS low, max(v) AS high FROM (${all}) WHERE isFinite(v)`,
  )
  const low = Number(range?.low ?? 0)
  const width = (Number(range?.high ?? 0) - low) / bins || 1
  return `round(${low} + least(${bins - 1}, floor((v - ${low}) / ${width})) * ${width}, 6)`
}
