import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExpectationDefinition } from '../../contracts/expectation.ts'
import type { SourceTable } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import type { Pipeline } from '../curation/compile-curation.ts'
import { notUtf8 } from '../curation/engine-column.ts'
import type { KeyedStep } from '../dataset-spec.ts'
import { type JudgeInput, judgeExpectations } from '../expect/judge-expectations.ts'
import { quoteText } from '../expression/sql-text.ts'
import type { Profile } from '../profile/profile.ts'
import { profileRows } from '../profile/profile-rows.ts'
import { countVerdicts, type Tally, tallySql } from './count-verdicts.ts'
import type { ExpectationResult, QuarantineReason, VersionCounts, VersionPart } from './dataset-version.ts'
import { judgeRows } from './judged-rows.ts'
import type { RunEngine } from './run-engine.ts'
import { numberedParts } from './version-files.ts'
import { type WrittenPart, writeParts } from './write-parts.ts'
import { writeQuarantine } from './write-quarantine.ts'

export interface WriteInput {
  engine: RunEngine
  folder: string
  pipeline: Pipeline
  table: SourceTable & { rowNumber: string }
  /** of the version before, to share what is unchanged */
  before: readonly VersionPart[]
  expect: readonly KeyedStep[]
  /** the column that models learn */
  label?: string | undefined
  expectations: readonly ExpectationDefinition[]
  others: JudgeInput['others']
  reference: JudgeInput['reference']
  now: number
  progress(stage: string): void
}

export interface WrittenVersion {
  /** Parquet files with the kept rows, in order */
  parts: WrittenPart[]
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
  const { engine, folder, pipeline, table } = input
  const quarantined = join(folder, 'quarantined.parquet')
  const countOf = async (sql: string, params?: Record<string, unknown>, settings?: Record<string, string | number>) =>
    Number((await engine.query<{ __n: number }>(`SELECT count() AS __n FROM ${sql}`, params, settings))[0]?.__n ?? 0)

  await mkdir(folder, { recursive: true })
  input.progress('curate')
  const read = await countOf(
    `${table.sql} AS s${pipeline.where ? ` WHERE ${pipeline.where}` : ''}`,
    table.params,
    table.settings,
  )
  const judged = await judgeRows(engine, folder, pipeline, read)
  const tally = await engine.query<Tally>(tallySql(judged.all))
  const { counts, reasons } = countVerdicts(tally, pipeline)

  input.progress('write')
  const parts = await writeParts(engine, folder, judged, pipeline.columns, counts.kept, input.before, async () => {
    if (counts.quarantined > 0)
      await writeQuarantine(engine, {
        pipeline,
        table,
        judged,
        withBytes: table.columns.some(({ name }) => reasons.some(({ reason }) => reason === notUtf8(name))),
        target: quarantined,
      })
  })

  input.progress('verify')
  const kept = `file(${quoteText(join(folder, 'part-*.parquet'))}, Parquet)`
  const found = {
    read,
    kept: await countOf(kept),
    parts: parts.reduce((sum, part) => sum + part.rows, 0),
    quarantined: counts.quarantined > 0 ? await countOf(`file(${quoteText(quarantined)}, Parquet)`) : 0,
  }
  const wrong = [
    found.read !== counts.read,
    found.kept !== counts.kept,
    found.parts !== counts.kept,
    found.quarantined !== counts.quarantined,
    ...pipeline.added.map(({ step, rows }) => counts.steps[step]!.added !== rows.rows),
  ]
  if (wrong.some(Boolean))
    throw new KedgeError(
      'internal',
      {},
      { cause: new Error(`the counts do not add up: ${JSON.stringify({ counts, found })}`) },
    )

  input.progress('profile')
  const profile = await profileRows((sql) => engine.query(sql), kept, pipeline.columns, input.label)
  input.progress('expect')
  const expectations = await judgeExpectations({
    ...input,
    table: kept,
    numbered: numberedParts(parts, pipeline.columns),
    columns: pipeline.columns,
    profile,
  })
  return {
    parts,
    quarantined: counts.quarantined > 0 ? quarantined : undefined,
    counts,
    reasons,
    expectations,
    profile,
  }
}
