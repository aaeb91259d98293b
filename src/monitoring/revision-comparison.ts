import { aucDifference } from '../statistics/auc-difference.ts'
import { brier } from '../statistics/brier.ts'
import { logLoss } from '../statistics/log-loss.ts'
import { pairedDifference } from '../statistics/paired-difference.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import type { EndpointKey } from './stale.ts'

export interface PairedDifference {
  first: number
  second: number
  /** second − first */
  difference: number
  low: number
  high: number
  p: number
}

export interface RevisionComparison {
  first: number
  second: number
  start: number
  end: number
  rows: number
  differences: Record<string, PairedDifference | null>
}

/** Rows read at most: the newest. */
const MOST_ROWS = 500_000

interface Row {
  a: number
  b: number
  truth: number
}

/**
 * Two revisions on the same rows (for example the champion against the one kept in shadow): paired differences with 95 %
 * intervals, Student's for losses and DeLong's for AUC. At most the newest half a million rows.
 */
export async function compareRevisions(
  events: EventsStore,
  key: EndpointKey,
  first: number,
  second: number,
  start: number,
  end: number,
): Promise<RevisionComparison> {
  const rows = await events.query<Row>(
    `SELECT p.a AS a, p.b AS b, x.truth AS truth FROM (
       SELECT id, max(time) AS at, anyIf(score, revision = {first:UInt32}) AS a, anyIf(score, revision = {second:UInt32}) AS b FROM predictions FINAL
       WHERE project = {project:String} AND endpoint = {endpoint:String} AND revision IN ({first:UInt32}, {second:UInt32})
         AND time >= toDateTime64({start:Int64} / 1000, 3, 'UTC') AND time < toDateTime64({end:Int64} / 1000, 3, 'UTC')
       GROUP BY id HAVING isNotNull(a) AND isNotNull(b)
     ) AS p
     INNER JOIN (
       SELECT id, ifNull(value, toFloat64OrNull(label)) AS truth FROM actuals FINAL
       WHERE project = {project:String} AND endpoint = {endpoint:String}
     ) AS x ON x.id = p.id
     WHERE isNotNull(x.truth) ORDER BY p.at DESC, p.id LIMIT ${MOST_ROWS}`,
    { ...key, first, second, start, end },
  )
  const a = rows.map((row) => row.a)
  const b = rows.map((row) => row.b)
  const isBinary = rows.every(
    (row) => (row.truth === 0 || row.truth === 1) && row.a >= 0 && row.a <= 1 && row.b >= 0 && row.b <= 1,
  )
  return {
    first,
    second,
    start,
    end,
    rows: rows.length,
    differences: isBinary ? ofScores(a, b, rows) : ofNumbers(a, b, rows),
  }
}

function ofScores(a: number[], b: number[], rows: Row[]): Record<string, PairedDifference | null> {
  const actuals = rows.map((row) => row.truth === 1)
  const auc = aucDifference(a, b, actuals)
  return {
    log_loss: paired(
      a.map((score, i) => logLoss(score, actuals[i]!)),
      b.map((score, i) => logLoss(score, actuals[i]!)),
    ),
    brier: paired(
      a.map((score, i) => brier(score, actuals[i]!)),
      b.map((score, i) => brier(score, actuals[i]!)),
    ),
    auc: auc.ok
      ? { first: auc.champion, second: auc.challenger, difference: auc.value, low: auc.low, high: auc.high, p: auc.p }
      : null,
  }
}

const ofNumbers = (a: number[], b: number[], rows: Row[]): Record<string, PairedDifference | null> => ({
  absolute_error: paired(
    a.map((x, i) => Math.abs(x - rows[i]!.truth)),
    b.map((x, i) => Math.abs(x - rows[i]!.truth)),
  ),
  squared_error: paired(
    a.map((x, i) => (x - rows[i]!.truth) ** 2),
    b.map((x, i) => (x - rows[i]!.truth) ** 2),
  ),
})

function paired(first: number[], second: number[]): PairedDifference | null {
  const found = pairedDifference(first, second)
  if (!found.ok) return null
  const mean = (x: number[]) => x.reduce((s, v) => s + v, 0) / x.length
  return {
    first: mean(first),
    second: mean(second),
    difference: found.value,
    low: found.low,
    high: found.high,
    p: found.p,
  }
}
