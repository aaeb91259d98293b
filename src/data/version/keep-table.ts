import type { ExpectationDefinition } from '../../contracts/expectation.ts'
import type { SourceTable } from '../../contracts/source.ts'
import type { Environment } from '../../environment.ts'
import type { ChangeContext } from '../../journal/journal.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { toJson } from '../../storage/sql/json-column.ts'
import { compileCuration } from '../curation/compile-curation.ts'
import type { DatasetVersion, VersionPart, VersionSource } from './dataset-version.ts'
import { createRunEngine } from './run-engine.ts'
import { digestOfParts } from './version-files.ts'
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
  sources: VersionSource[]
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
  const { blobs } = environment
  const parts: VersionPart[] = []
  for (const { path, rows } of written.parts) parts.push({ ...(await blobs.putFile(path, { move: true })), rows })
  const quarantined = written.quarantined ? await blobs.putFile(written.quarantined, { move: true }) : undefined
  return versions.publish(context, {
    ...{ project, dataset, state: 'published', input_key: one.inputKey, spec_digest: one.specDigest },
    digest: digestOfParts(parts),
    parts: parts.length === 1 ? null : toJson(parts.map(({ digest, bytes, rows }) => ({ digest, bytes, rows }))),
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    row_count: written.counts.kept,
    schema: toJson(pipeline.columns),
    profile: toJson(written.profile),
    window_from: one.window?.from ?? null,
    window_to: one.window?.to ?? null,
    label: one.label ?? null,
    sources: toJson(
      one.sources.map((source) => ({ ...source, rows: source.rows < 0 ? written.counts.read : source.rows })),
    ),
    expectations: '[]',
    counts: toJson(written.counts),
    quarantine_digest: quarantined?.digest ?? null,
    quarantine_reasons: toJson(written.reasons),
    batches: '[]',
    source_schema: toJson(pipeline.columns),
    parent_version: previous?.version ?? null,
  })
}
