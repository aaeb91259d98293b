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
  /** after the step */
  columns: Column[]
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
  /** the statement that the steps are compiled to */
  sql: string
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
      columns: pipeline.layers[i]!.columns.map(({ name, type }) => ({ name, type })),
      histogram: histograms[i] ?? null,
    })),
    columns: pipeline.columns,
    rows: asArrays(pipeline.columns, found),
    quarantine: left.map(({ __place: row, __verdict: verdict, __value: value }) => {
      const { step, operation, reason } = pipeline.verdicts[verdict]!
      return { row, step, operation, reason, value }
    }),
    sql: pipeline.sql,
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
  const numbers = isNumber ? await numericBins(query, all) : undefined
  const counts = await query<{ layer: number; bin: string; n: number }>(
    `SELECT layer, toString(assumeNotNull(${numbers?.bin ?? 'v'})) AS bin, count() AS n FROM (${all}) WHERE v IS NOT NULL GROUP BY layer, bin ORDER BY n DESC, bin LIMIT 5000`,
  )
  const names = [...new Set(counts.map((one) => one.bin))]
  const labels = !isNumber
    ? names.slice(0, bins).sort()
    : (numbers?.edges ?? names.sort((x, y) => Number(x) - Number(y)))
  const of = (layer: number) => {
    const own = new Map(counts.filter((one) => one.layer === layer).map((one) => [one.bin, one.n]))
    return labels.map((label) => own.get(label) ?? 0)
  }
  return layers.map((_, i) => (i === 0 ? null : { labels, before: of(i - 1), after: of(i) }))
}

/**
 * SQL of a number's bin, by its lower edge, and all these edges; of few different numbers each is a bin. What lies far
 * outside of nine tenths of the values counts in the outermost, so that far values do not hide the others.
 */
async function numericBins(
  query: <T>(sql: string) => Promise<T[]>,
  all: string,
): Promise<{ bin: string; edges?: string[] }> {
  const [range] = await query<{ low: number | null; high: number | null; different: number }>(
    `SELECT quantileExact(0.05)(v) AS q05, quantileExact(0.95)(v) AS q95, greatest(min(v), q05 - (q95 - q05) / 2) AS low, least(max(v), q95 + (q95 - q05) / 2) AS high, uniqUpTo(${bins})(v) AS different FROM (${all}) WHERE isFinite(v)`,
  )
  if (Number(range?.different ?? 0) <= bins) return { bin: 'v' }
  const low = Number(range!.low)
  const width = (Number(range!.high) - low) / bins || 1
  const edges = Array.from({ length: bins }, (_, i) => String(Number((low + i * width).toPrecision(6))))
  const place = `toUInt8(greatest(0, least(${bins - 1}, floor((v - (${low})) / ${width}))))`
  return { bin: `[${edges.map((edge) => `'${edge}'`).join(', ')}][${place} + 1]`, edges }
}
