import type { ExpectationDefinition } from '../../contracts/expectation.ts'
import type { SourceTable } from '../../contracts/source.ts'
import type { Environment } from '../../environment.ts'
import type { ChangeContext } from '../../journal/journal.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { compileCuration } from '../curation/compile-curation.ts'
import type { DatasetVersion, VersionSource } from './dataset-version.ts'
import { publishWritten } from './publish-written.ts'
import { createRunEngine } from './run-engine.ts'
import type { Versions } from './versions.ts'
import { writeVersion } from './write-version.ts'

export interface KeepTableDeps {
  environment: Environment
  engine: EventsStore
  versions: Versions
  expectations: readonly ExpectationDefinition[]
}

export interface TableToKeep {
  project: string
  dataset: string
  /** can be read as often as needed */
  table: SourceTable & { rowNumber: string }
  /** for files of this run */
  folder: string
  /** digest of everything that the rows are a function of */
  inputKey: string
  specDigest: string
  /** where the rows are from; `rows` of the table were read */
  sources(rows: number): VersionSource[]
  window?: { from: number; to: number } | null
  /** a word to find it by */
  label?: string | null
  /** the column that models learn */
  learnt?: string | undefined
  signal?: AbortSignal | undefined
}

/** Publishes the rows of a table as they are as a version; rows that cannot be read are quarantined. Errors: those of the engine. */
export async function keepTable(
  { environment, engine, versions, expectations }: KeepTableDeps,
  context: ChangeContext,
  one: TableToKeep,
): Promise<DatasetVersion> {
  const { project, dataset, table, folder } = one
  const pipeline = await compileCuration({ table, curate: [], operations: [], aggregate: async () => ({}) })
  const previous = await versions.latest(project, dataset)
  const written = await writeVersion({
    engine: createRunEngine(engine, one.signal),
    ...{ folder, pipeline, table, expectations },
    before: previous?.purgedAt === null ? previous.parts : [],
    expect: [],
    label: one.learnt,
    others: new Map(),
    reference: (which) => versions.reference(project, dataset, which),
    now: environment.clock(),
    progress() {},
  })
  return publishWritten({ blobs: environment.blobs, versions }, context, written, {
    ...{ project, dataset, inputKey: one.inputKey, specDigest: one.specDigest },
    sources: one.sources(written.counts.read),
    columns: pipeline.columns,
    sourceColumns: pipeline.columns,
    batches: [],
    window: one.window ?? null,
    label: one.label ?? null,
    parent: previous?.version ?? null,
  })
}
