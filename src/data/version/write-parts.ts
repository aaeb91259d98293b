import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline as pipe } from 'node:stream/promises'
import type { Column } from '../../contracts/column.ts'
import { quoteName, quoteText } from '../expression/sql-text.ts'
import type { VersionPart } from './dataset-version.ts'
import type { JudgedRows } from './judged-rows.ts'
import { type PlannedPart, partSize, planParts } from './plan-parts.ts'
import type { RunEngine } from './run-engine.ts'

export interface WrittenPart {
  path: string
  rows: number
}

/** A version's last part is left as it is when only rows were added; a smaller one grows instead. */
const smallestTail = 8192

/**
 * Writes the kept rows to Parquet files, cut where their content says so. `before`: the parts of the version before;
 * `beside`: more that is to be written, for which one of the two cores is taken as soon as there is a place.
 */
export async function writeParts(
  engine: RunEngine,
  folder: string,
  judged: JudgedRows,
  columns: readonly Column[],
  kept: number,
  before: readonly VersionPart[],
  beside?: () => Promise<void>,
): Promise<WrittenPart[]> {
  const names = columns.map(({ name }) => quoteName(name))
  const plan = await planByContent(engine, judged, names, kept)
  const path = (i: number | string) => join(folder, `part-${String(i).padStart(5, '0')}.parquet`)
  const write = async ({ start, end }: PlannedPart, file: string, limit?: number) =>
    engine.command(
      `INSERT INTO FUNCTION file(${quoteText(file)}, Parquet) SELECT ${names.join(', ')} FROM ${judged.between(start, end)} WHERE __verdict = 0 AND __row >= ${start}${end === undefined ? '' : ` AND __row < ${end}`} ORDER BY __row${limit === undefined ? '' : ` LIMIT ${limit}`}`,
      undefined,
      // the same rows give the same bytes
      { max_threads: 1, output_format_parquet_parallel_encoding: 0 },
    )
  const parts = await splitTail(engine, judged, plan, before, async (part, rows) => {
    const trial = join(folder, 'tail.trial')
    await write(part, trial, rows)
    return digestOf(trial)
  })
  let next = 0
  const work = async () => {
    for (let i = next++; i < parts.length; i = next++) await write(parts[i]!, path(i))
  }
  // two at a time: writing Parquet is what takes the time, and one statement uses one core
  await Promise.all([work(), beside ? beside().then(work) : work()])
  return parts.map(({ rows }, i) => ({ path: path(i), rows }))
}

async function planByContent(
  engine: RunEngine,
  judged: JudgedRows,
  names: string[],
  kept: number,
): Promise<PlannedPart[]> {
  const size = partSize(kept)
  const whole = [{ start: 0n, end: undefined, rows: kept }]
  if (kept < size * 2) return whole
  const hash = `cityHash64(${names.map((name) => `tuple(${name})`).join(', ')})`
  const cuts = await engine.query<{ __at: string }>(
    `SELECT toString(__row) AS __at FROM ${judged.all} WHERE __verdict = 0 AND ${hash} % ${size} = 0 ORDER BY __row LIMIT ${mostCuts(kept, size) + 1}`,
  )
  // rows that are all alike say nothing about where to cut
  if (cuts.length === 0 || cuts.length > mostCuts(kept, size)) return whole
  const runs = await engine.query<{ __start: string; __rows: number }>(
    `SELECT toString(roundDown(__row, [toUInt64(0), ${cuts.map(({ __at }) => `toUInt64('${__at}')`).join(', ')}]) AS __at) AS __start, count() AS __rows FROM ${judged.all} WHERE __verdict = 0 GROUP BY __at ORDER BY __at`,
  )
  return planParts(
    runs.map(({ __start, __rows }) => ({ start: BigInt(__start), rows: __rows })),
    size,
  )
}

const mostCuts = (rows: number, size: number) => Math.ceil((rows / size) * 8) + 100

/** Cuts where the version before ended, when its last rows stand there again. */
async function splitTail(
  engine: RunEngine,
  judged: JudgedRows,
  plan: PlannedPart[],
  before: readonly VersionPart[],
  tryWriting: (part: PlannedPart, rows: number) => Promise<string>,
): Promise<PlannedPart[]> {
  const tail = before.at(-1)
  if (!tail || tail.rows < smallestTail) return plan
  const offset = before.slice(0, -1).reduce((sum, part) => sum + part.rows, 0)
  let at = 0
  const index = plan.findIndex((part) => {
    const found = at === offset
    if (!found) at += part.rows
    return found
  })
  const part = plan[index]
  if (!part || part.rows <= tail.rows || (await tryWriting(part, tail.rows)) !== tail.digest) return plan
  const [cut] = await engine.query<{ __at: string }>(
    `SELECT toString(__row) AS __at FROM ${judged.between(part.start, part.end)} WHERE __verdict = 0 AND __row >= ${part.start} ORDER BY __row LIMIT 1 OFFSET ${tail.rows}`,
  )
  const start = BigInt(cut!.__at)
  return plan.toSpliced(
    index,
    1,
    { start: part.start, end: start, rows: tail.rows },
    { start, end: part.end, rows: part.rows - tail.rows },
  )
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipe(createReadStream(path), hash)
  return hash.digest('hex')
}
