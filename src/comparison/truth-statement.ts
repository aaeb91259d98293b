import { quote } from '../storage/events/bind-parameters.ts'
import { chunkOf, isSparse, numberOf, quoteName, type ScannedColumn, sketchCounts } from './chunk-statement.ts'

/** What the columns of the model mean, as one side's file has them. */
export interface ModelColumns {
  target: ScannedColumn | null
  prediction: ScannedColumn | null
  score: ScannedColumn | null
  /** the value of target and prediction that is the positive class; 1 or true when absent */
  positive: string | undefined
  /** a score of at least this is predicted positive */
  threshold: number
}

interface Source {
  sql: string
  rows: number
}

/** 1, 0, or NaN where the column says neither. */
function classOf(column: ScannedColumn | null, positive: string | undefined): string {
  if (!column) return 'nan'
  const q = quoteName(column.name)
  if (positive !== undefined)
    return `if(isNull(${q}), nan, toFloat64(assumeNotNull(toString(${q})) = ${quote(positive)}))`
  if (column.type === 'Bool') return `ifNull(toFloat64(toUInt8(${q})), nan)`
  if (column.kind === 'number') return numberOf(column)
  // texts that say it in the usual words
  return `transform(lowerUTF8(ifNull(toString(${q}), '')), ['1', 'true', 'yes', '0', 'false', 'no'], [1., 1., 1., 0., 0., 0.], nan)`
}

/** Sums of a binary classifier over the rows of every chunk whose truth is known. */
export const scoreStatement = (table: Source, chunks: number, model: ModelColumns): string => `
SELECT chunk, count() AS n, sum(truth) AS positives, sum(chosen * truth) AS truePositives,
  sum(chosen) - truePositives AS falsePositives, sum(score) AS scoreSum, sum(score * (1 - score)) AS scoreVariance,
  sum(loss) AS lossSum, sum(loss * loss) AS lossSquares, sum(squared) AS brier, sum(squared * squared) AS brierSquares,
  ${sketchCounts('score', isSparse(table.rows, chunks), 'truth = 1')} AS positiveScores, ${sketchCounts('score', isSparse(table.rows, chunks), 'truth = 0')} AS negativeScores
FROM (
  SELECT chunk, score, truth, score >= ${model.threshold} AS chosen, (score - truth) * (score - truth) AS squared,
    -log(least(greatest(if(truth = 1, score, 1 - score), pow(2, -52)), 1 - pow(2, -52))) AS loss
  FROM (
    SELECT ${chunkOf(table.rows, chunks)} AS chunk, ${numberOf(model.score!)} AS score, ${classOf(model.target, model.positive)} AS truth
    FROM ${table.sql}
  ) WHERE score >= 0 AND score <= 1 AND truth IN (0, 1)
) GROUP BY chunk ORDER BY chunk`

/** Sums of the errors of a regression over the rows of every chunk whose truth is known. */
export const errorStatement = (table: Source, chunks: number, model: ModelColumns): string => `
SELECT chunk, countIf(known) AS n, sumIf(off, known) AS error, sumIf(abs(off), known) AS absolute,
  sumIf(off * off, known) AS squares, sumIf(pow(off, 4), known) AS fourth
FROM (
  SELECT ${chunkOf(table.rows, chunks)} AS chunk, ${numberOf(model.prediction!)} - ${numberOf(model.target!)} AS off, isFinite(off) AS known
  FROM ${table.sql}
) GROUP BY chunk ORDER BY chunk`

/** Classes that are told apart. */
export const MOST_CLASSES = 100

/** How often each class was predicted as each, in every chunk. */
export function confusionStatement(table: Source, chunks: number, model: ModelColumns): string {
  const text = (column: ScannedColumn) => `toString(${quoteName(column.name)})`
  return `
SELECT ${chunkOf(table.rows, chunks)} AS chunk, toValidUTF8(assumeNotNull(${text(model.target!)})) AS actual,
  toValidUTF8(assumeNotNull(${text(model.prediction!)})) AS predicted, count() AS n
FROM ${table.sql} WHERE ${quoteName(model.target!.name)} IS NOT NULL AND ${quoteName(model.prediction!.name)} IS NOT NULL
GROUP BY chunk, actual, predicted ORDER BY n DESC LIMIT ${chunks * MOST_CLASSES * MOST_CLASSES}`
}

/** The counts of each of the named groups of a column, in every chunk. */
export function groupStatement(
  table: Source,
  chunks: number,
  model: ModelColumns,
  column: string,
  groups: readonly string[],
): string {
  const chosen = model.score
    ? `${numberOf(model.score)} >= ${model.threshold}`
    : `${classOf(model.prediction, model.positive)} = 1`
  const group = `ifNull(toString(${quoteName(column)}), '')`
  return `
SELECT chunk, group, count() AS n, countIf(chosen) AS selected, countIf(truth = 1) AS positives, countIf(truth = 0) AS negatives,
  countIf(chosen AND truth = 1) AS truePositives, countIf(chosen AND truth = 0) AS falsePositives
FROM (
  SELECT ${chunkOf(table.rows, chunks)} AS chunk, ${group} AS group, ${chosen} AS chosen, ${classOf(model.target, model.positive)} AS truth
  FROM ${table.sql} WHERE ${group} IN (${groups.map(quote).join(', ')})
) GROUP BY chunk, group ORDER BY chunk`
}
