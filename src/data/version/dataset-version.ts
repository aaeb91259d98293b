import type { Selectable } from 'kysely'
import type { Column } from '../../contracts/column.ts'
import { fromJson } from '../../storage/sql/json-column.ts'
import type { DataTables } from '../../storage/sql/tables/data.ts'
import type { Profile } from '../profile/profile.ts'

/** How the journal and the lineage name a version. */
export const versionSubject = (dataset: string, version: number): string => `dataset_version/${dataset}@${version}`

export interface StepCounts {
  step: number
  operation: string
  /** absent in versions made before there were such steps */
  added?: number
  quarantined: number
  removed: number
}

/** read + added = kept + quarantined + removed; step 0 is reading */
export interface VersionCounts {
  read: number
  added: number
  kept: number
  quarantined: number
  removed: number
  steps: StepCounts[]
}

export interface QuarantineReason {
  step: number
  operation: string
  reason: string
  rows: number
}

export interface ExpectationResult {
  kind: string
  title: string
  config: unknown
  /** one that only warns does not keep the version from being published; absent in versions made before: error */
  severity?: 'error' | 'warn'
  ok: boolean
  message: string
  observed?: unknown
  /** the first rows at fault, by their position in the version, from 0 */
  evidence?: { columns: string[]; rows: { row: number; values: unknown[] }[] } | null
}

/** Whether a result keeps its version from being published. */
export const isRefusal = ({ ok, severity }: ExpectationResult): boolean => !ok && severity !== 'warn'

export interface VersionSource {
  name: string
  kind: string
  /** digest of the source's declaration */
  configDigest: string
  /** digest of what was read, or `cursor:…` */
  state: string
  rows: number
}

/** A pulled piece of an incremental source. */
export interface Batch {
  source: string
  digest: string
  rows: number
  /** last value of the incremental column, as text; empty where files are what is new */
  cursor: string
  /** digest of the document that names the files of the batch (`FileList`) */
  files?: string
}

/** One of the Parquet files that a version's rows are, in order; versions share those that are equal. */
export interface VersionPart {
  digest: string
  bytes: number
  rows: number
}

export interface DatasetVersionSummary {
  project: string
  dataset: string
  version: number
  state: 'published' | 'rejected'
  /** of the rows: of the only part's blob, or of the list of parts */
  digest: string
  parts: VersionPart[]
  bytes: number
  rowCount: number
  schema: Column[]
  /** half-open, event time, milliseconds since 1970 */
  window: { from: number; to: number } | null
  label: string | null
  specDigest: string
  sources: VersionSource[]
  expectations: ExpectationResult[]
  quarantine: { digest: string; rows: number; reasons: QuarantineReason[] } | null
  counts: VersionCounts
  parent: number | null
  actor: string
  createdAt: number
  /** kept by every retention */
  pinned: boolean
  /** when the retention took its rows away; what is known about it stays */
  purgedAt: number | null
  /** the journal's event that published it */
  eventId: number | null
}

export interface DatasetVersion extends DatasetVersionSummary {
  profile: Profile
}

type Row = Selectable<DataTables['dataset_versions']>

/** The files of a version, as its row says it. */
export const partsOf = (row: Pick<Row, 'parts' | 'digest' | 'bytes' | 'row_count'>): VersionPart[] =>
  row.parts === null
    ? [{ digest: row.digest, bytes: row.bytes, rows: row.row_count }]
    : fromJson<VersionPart[]>(row.parts)

/** A dataset version without its profile, as its row says it; `eventId`: the event that made it. */
export function toSummary(
  row: Omit<Row, 'profile' | 'batches' | 'source_schema'>,
  eventId: number | null,
): DatasetVersionSummary {
  const stored = fromJson<VersionCounts>(row.counts)
  const counts: VersionCounts = { ...stored, added: stored.added ?? 0 }
  return {
    project: row.project,
    dataset: row.dataset,
    version: row.version,
    state: row.state,
    digest: row.digest,
    parts: partsOf(row),
    bytes: row.bytes,
    rowCount: row.row_count,
    schema: fromJson(row.schema),
    window: row.window_from === null || row.window_to === null ? null : { from: row.window_from, to: row.window_to },
    label: row.label,
    specDigest: row.spec_digest,
    sources: fromJson(row.sources),
    expectations: fromJson(row.expectations),
    quarantine:
      row.quarantine_digest === null
        ? null
        : { digest: row.quarantine_digest, rows: counts.quarantined, reasons: fromJson(row.quarantine_reasons) },
    counts,
    parent: row.parent_version,
    actor: row.actor,
    createdAt: row.created_at,
    pinned: row.pinned === 1,
    purgedAt: row.purged_at,
    eventId,
  }
}

/** A dataset version with its profile, as its row says it. */
export const toVersion = (row: Row, eventId: number | null): DatasetVersion => ({
  ...toSummary(row, eventId),
  profile: fromJson(row.profile),
})
