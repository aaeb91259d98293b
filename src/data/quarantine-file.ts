import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change } from '../journal/journal.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import type { DatasetVersion } from './version/dataset-version.ts'
import type { Versions } from './version/versions.ts'

export interface QuarantineFile {
  version: DatasetVersion
  /** Parquet file with the quarantined rows, when there are any */
  file: string | undefined
  /** of the source */
  columns: string[]
  /** columns that only some quarantines have: `_from`, `_bytes` */
  has(name: string): boolean
}

const ofDesk = /^_(row|step|operation|reason|value|from|bytes)$/

/** The quarantine of a version on this machine. Errors: `not_found`, `dataset_empty`. */
export async function openQuarantine(
  { blobs, engine, versions }: Pick<Environment, 'blobs'> & { engine: EventsStore; versions: Versions },
  project: string,
  dataset: string,
  number: number | string,
): Promise<QuarantineFile> {
  const version = await versions.get(project, dataset, number)
  if (!version.quarantine) return { version, file: undefined, columns: [], has: () => false }
  const file = await blobs.localPath(version.quarantine.digest)
  const described = await engine.query<{ name: string }>('DESCRIBE TABLE file({file:String}, Parquet)', { file })
  const names = described.map(({ name }) => name)
  return {
    version,
    file,
    columns: names.filter((name) => !ofDesk.test(name)),
    has: (name) => names.includes(name),
  }
}

/** Takes back what somebody has decided about quarantined rows. Errors: `not_found`. */
export async function withdrawDecision(
  { db }: Change,
  table: 'dataset_corrections' | 'dataset_discards',
  what: string,
  { project, dataset, id }: { project: string; dataset: string; id: number },
): Promise<void> {
  const done = await db
    .deleteFrom(table)
    .where('project', '=', project)
    .where('dataset', '=', dataset)
    .where('id', '=', id)
    .executeTakeFirst()
  if (done.numDeletedRows === 0n) throw new KedgeError('not_found', { kind: what, name: String(id) })
}
