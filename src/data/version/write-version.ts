import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExpectationDefinition } from '../../contracts/expectation.ts'
import type { SourceTable } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import type { Pipeline } from '../curation/compile-curation.ts'
import { quarantineValue } from '../curation/engine-column.ts'
import { createRelation } from '../curation/relation.ts'
import type { KeyedStep } from '../dataset-spec.ts'
import { quoteName, quoteText } from '../expression/sql-text.ts'
import type { Profile } from '../profile/profile.ts'
import { profileRows } from '../profile/profile-rows.ts'
import { readSettings, writeSettings } from '../source/stage.ts'
import type { ExpectationResult, QuarantineReason, VersionCounts } from './dataset-version.ts'

export interface WriteInput {
  engine: EventsStore
  folder: string
  pipeline: Pipeline
  table: SourceTable & { rowNumber: string }
  expect: readonly KeyedStep[]
  expectations: readonly ExpectationDefinition[]
  now: number
  signal?: AbortSignal | undefined
  progress(stage: string): void
}

export interface WrittenVersion {
  /** Parquet file with the kept rows */
  kept: string
  /** Parquet file with the quarantined rows, when there are any */
  quarantined: string | undefined
  counts: VersionCounts
  reasons: QuarantineReason[]
  expectations: ExpectationResult[]
  profile: Profile
}

/**
 * Runs a compiled curation: one pass judges every row, then the kept and the quarantined are written to their files and
 * counted again there. Errors: those of the engine; `internal` when the counts do not add up (nothing is kept then).
 */
export async function writeVersion(input: WriteInput): Promise<WrittenVersion> {
  const { engine, folder, pipeline, signal } = input
  const judged = join(folder, 'judged.parquet')
  const kept = join(folder, 'kept.parquet')
  const quarantined = join(folder, 'quarantined.parquet')
  const options = (settings: Record<string, string | number> = {}) => ({
    settings,
    repeatable: true,
    ...(signal ? { signal } : {}),
  })
  const query = async <T>(sql: string, params?: Record<string, unknown>, settings?: Record<string, string | number>) =>
    engine.query<T>(sql, params, options({ ...settings, ...readSettings }))
  const rowsOf = (file: string) => `file(${quoteText(file)}, Parquet)`
  const countOf = async (sql: string, params?: Record<string, unknown>, settings?: Record<string, string | number>) =>
    Number((await query<{ n: number }>(`SELECT count() AS n FROM ${sql}`, params, settings))[0]?.n ?? 0)

  await mkdir(folder, { recursive: true })
  input.progress('curate')
  await engine.command(
    `INSERT INTO FUNCTION ${rowsOf(judged)} SELECT * FROM (${pipeline.sql}) ORDER BY __row`,
    pipeline.params,
    options({ ...pipeline.settings, ...writeSettings, output_format_parquet_compression_method: 'lz4' }),
  )
  const tally = await query<{ verdict: number; n: number }>(
    `SELECT __verdict AS verdict, count() AS n FROM ${rowsOf(judged)} GROUP BY verdict`,
  )
  const { counts, reasons } = countVerdicts(tally, pipeline)

  input.progress('write')
  const names = pipeline.columns.map(({ name }) => quoteName(name)).join(', ')
  await engine.command(
    `INSERT INTO FUNCTION ${rowsOf(kept)} SELECT ${names} FROM ${rowsOf(judged)} WHERE __verdict = 0 ORDER BY __row`,
    undefined,
    options({ ...writeSettings, output_format_parquet_compression_method: 'zstd' }),
  )
  if (counts.quarantined > 0) await writeQuarantine(input, rowsOf(judged), rowsOf(quarantined), options)

  input.progress('verify')
  const found = {
    source: await countOf(
      `${input.table.sql} AS s${pipeline.where ? ` WHERE ${pipeline.where}` : ''}`,
      input.table.params,
      input.table.settings,
    ),
    kept: await countOf(rowsOf(kept)),
    quarantined: counts.quarantined > 0 ? await countOf(rowsOf(quarantined)) : 0,
  }
  if (found.source !== counts.read || found.kept !== counts.kept || found.quarantined !== counts.quarantined)
    throw new KedgeError(
      'internal',
      {},
      {
        cause: new Error(
          `the counts do not add up: ${JSON.stringify({ counts: { ...counts, steps: undefined }, found })}`,
        ),
      },
    )

  input.progress('expect')
  const expectations = await judge(input, query, rowsOf(kept))
  input.progress('profile')
  const profile = await profileRows((sql) => query(sql), rowsOf(kept), pipeline.columns)
  await rm(judged, { force: true })
  return { kept, quarantined: counts.quarantined > 0 ? quarantined : undefined, counts, reasons, expectations, profile }
}

function countVerdicts(
  tally: { verdict: number; n: number }[],
  { verdicts, operations }: Pipeline,
): { counts: VersionCounts; reasons: QuarantineReason[] } {
  const none = { quarantined: 0, removed: 0 }
  const steps = operations.map((operation, step) => ({ step, operation, ...none }))
  const counts: VersionCounts = { read: 0, kept: 0, quarantined: 0, removed: 0, steps }
  const reasons: QuarantineReason[] = []
  for (const { verdict, n } of [...tally].sort((a, b) => a.verdict - b.verdict)) {
    const named = verdicts[verdict]
    counts.read += n
    if (!named) {
      counts.kept += n
      continue
    }
    const step = steps[named.step]!
    if (named.action === 'remove') {
      counts.removed += n
      step.removed += n
      continue
    }
    counts.quarantined += n
    step.quarantined += n
    reasons.push({ step: named.step, operation: named.operation, reason: named.reason, rows: n })
  }
  return { counts, reasons: reasons.sort((a, b) => b.rows - a.rows) }
}

/** The rows as their source gave them, with the step, the reason and the value at fault. */
async function writeQuarantine(
  { engine, pipeline, table }: WriteInput,
  judged: string,
  target: string,
  options: (settings: Record<string, string | number>) => object,
) {
  const numbers = pipeline.verdicts.flatMap((verdict, number) => (verdict?.action === 'quarantine' ? [number] : []))
  const texts = (pick: (verdict: NonNullable<Pipeline['verdicts'][number]>) => string) =>
    `[${numbers.map((number) => quoteText(pick(pipeline.verdicts[number]!))).join(', ')}]`
  const index = `indexOf([${numbers.join(', ')}], j.__verdict)`
  const values = table.columns.map((column) => `${quarantineValue(column)} AS ${quoteName(column.name)}`)
  const selected = [
    ...values,
    'j.__row AS _row',
    `[${numbers.map((number) => pipeline.verdicts[number]!.step).join(', ')}][${index}] AS _step`,
    `${texts((verdict) => verdict.operation)}[${index}] AS _operation`,
    `${texts((verdict) => verdict.reason)}[${index}] AS _reason`,
    'j.__value AS _value',
  ]
  // the quarantine is the small side, so it is the one that is kept in memory
  const source = `(SELECT *, toUInt64(${table.rowNumber}) AS __position FROM ${table.sql} AS s)`
  await engine.command(
    `INSERT INTO FUNCTION ${target} SELECT ${selected.join(', ')} FROM ${source} AS s INNER JOIN (SELECT __row, __verdict, __value FROM ${judged} WHERE __verdict IN (${numbers.join(', ')})) AS j ON s.__position = j.__row ORDER BY j.__row`,
    table.params,
    options({ ...table.settings, ...writeSettings, output_format_parquet_compression_method: 'zstd' }),
  )
}

type Query = <T>(sql: string) => Promise<T[]>

/** Judges the declared expectations on the kept rows; a version without rows always fails. */
async function judge(
  { expect, expectations, pipeline, now }: WriteInput,
  query: Query,
  from: string,
): Promise<ExpectationResult[]> {
  const context = { columns: pipeline.columns, now }
  const results: ExpectationResult[] = []
  const declared = expect.map((step) => Object.entries(step).find(([, value]) => value !== undefined)!)
  if (!declared.some(([kind]) => kind === 'row_count')) declared.push(['row_count', { min: 1 }])
  for (const [index, [kind, given]] of declared.entries()) {
    const definition = expectations.find((candidate) => candidate.kind === kind)
    if (!definition)
      throw new KedgeError('invalid_input', { what: `expect[${index}]: there is no expectation ${kind}` })
    const config = definition.config.parse(given)
    const wanted = Object.entries(
      definition.statistics?.(config, createRelation(pipeline.columns, `expect[${index}] ${kind}`)) ?? {},
    )
    const [row] =
      wanted.length === 0
        ? [{}]
        : await query<Record<string, unknown>>(
            `SELECT ${wanted.map(([, sql], i) => `${sql} AS a${i}`).join(', ')} FROM ${from} AS p`,
          )
    const statistics = Object.fromEntries(wanted.map(([name], i) => [name, (row as Record<string, unknown>)[`a${i}`]]))
    results.push({ kind, title: definition.title, config: given, ...definition.judge(config, statistics, context) })
  }
  return results
}
