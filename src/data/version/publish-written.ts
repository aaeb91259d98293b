import type { Column } from '../../contracts/column.ts'
import type { Environment } from '../../environment.ts'
import type { ChangeContext } from '../../journal/journal.ts'
import { toJson } from '../../storage/sql/json-column.ts'
import { type Batch, type DatasetVersion, isRefusal, type VersionPart, type VersionSource } from './dataset-version.ts'
import { digestOfParts } from './version-files.ts'
import type { Versions } from './versions.ts'
import type { WrittenVersion } from './write-version.ts'

export interface VersionFacts {
  project: string
  dataset: string
  /** digest of everything that the rows are a function of */
  inputKey: string
  specDigest: string
  /** in the order in which they were read, the dataset's own source first */
  sources: readonly VersionSource[]
  /** of the kept rows */
  columns: readonly Column[]
  /** as they were read */
  sourceColumns: readonly Column[]
  batches: readonly Batch[]
  window: { from: number; to: number } | null
  /** a word to find it by */
  label: string | null
  /** number of the version that it was made after */
  parent: number | null
  /** who answers for it */
  owner?: string | undefined
}

/** Moves what was written to the blobs and publishes it; what an expectation refuses is kept as rejected. */
export async function publishWritten(
  { blobs, versions }: Pick<Environment, 'blobs'> & { versions: Versions },
  context: ChangeContext,
  written: WrittenVersion,
  facts: VersionFacts,
): Promise<DatasetVersion> {
  const parts: VersionPart[] = []
  for (const { path, rows } of written.parts) parts.push({ ...(await blobs.putFile(path, { move: true })), rows })
  const quarantined = written.quarantined ? await blobs.putFile(written.quarantined, { move: true }) : undefined
  return versions.publish(
    context,
    {
      project: facts.project,
      dataset: facts.dataset,
      state: written.expectations.some(isRefusal) ? 'rejected' : 'published',
      input_key: facts.inputKey,
      digest: digestOfParts(parts),
      parts: parts.length === 1 ? null : toJson(parts.map(({ digest, bytes, rows }) => ({ digest, bytes, rows }))),
      bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
      row_count: written.counts.kept,
      schema: toJson(facts.columns),
      profile: toJson(written.profile),
      window_from: facts.window?.from ?? null,
      window_to: facts.window?.to ?? null,
      label: facts.label,
      spec_digest: facts.specDigest,
      sources: toJson(facts.sources),
      expectations: toJson(written.expectations),
      counts: toJson(written.counts),
      quarantine_digest: quarantined?.digest ?? null,
      quarantine_reasons: toJson(written.reasons),
      batches: toJson(facts.batches),
      source_schema: toJson(facts.sourceColumns),
      parent_version: facts.parent,
    },
    facts.owner,
  )
}
