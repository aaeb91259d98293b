import type { DeletedVersion } from '../registry/collect.ts'
import type { DeletedThing } from '../tracking/collect.ts'
import type { Orphans } from './find-garbage.ts'

/** One thing that goes, or stays although it was deleted, with why. */
export interface GarbageItem {
  kind: 'run' | 'experiment' | 'logged_model' | 'model_version' | 'blob'
  /** null for a blob */
  project: string | null
  id: string
  name: string | null
  /** when it was deleted; for a blob, when it was put last (milliseconds since 1970) */
  since: number
  /** of its artifacts, which other things may need too; for a blob its own */
  bytes: number
  why: string
}

export interface GarbageReport {
  dryRun: boolean
  graceMs: number
  /** how many of each kind went, or would go */
  runs: number
  experiments: number
  loggedModels: number
  modelVersions: number
  blobs: number
  /** what the blobs that went, or would go, take on disk */
  bytes: number
  /** the largest first, at most `listed` of each kind */
  items: GarbageItem[]
  /** what was deleted and stays */
  kept: GarbageItem[]
  /** deleted things whose time has not come */
  waiting: number
  /** blobs that were put too lately to be judged, whether something names them or not */
  young: { count: number; bytes: number }
  stored: { count: number; bytes: number }
}

export const listed = 500

const thingItem = (thing: DeletedThing): GarbageItem => ({
  kind: thing.kind,
  project: thing.project,
  id: thing.id,
  name: thing.name,
  since: thing.deletedAt,
  bytes: thing.bytes,
  why: thing.kept ?? 'deleted',
})

const versionItem = (version: DeletedVersion): GarbageItem => ({
  kind: 'model_version',
  project: version.project,
  id: `${version.model}@${version.version}`,
  name: version.model,
  since: version.deletedAt,
  bytes: version.bytes,
  why: version.kept ?? 'deleted',
})

/** What was found, as it is shown. */
export function garbageReport(
  options: { dryRun: boolean; graceMs: number },
  found: { things: readonly DeletedThing[]; versions: readonly DeletedVersion[]; orphans: Orphans; waiting: number },
): GarbageReport {
  const { things, versions, orphans, waiting } = found
  const going = things.filter((thing) => thing.kept === null)
  const count = (kind: DeletedThing['kind']) => going.filter((thing) => thing.kind === kind).length
  const items = [...things.map(thingItem), ...versions.map(versionItem)]
  const stays = new Set([...things, ...versions].flatMap((one, i) => (one.kept === null ? [] : [items[i]])))
  return {
    ...options,
    runs: count('run'),
    experiments: count('experiment'),
    loggedModels: count('logged_model'),
    modelVersions: versions.filter((version) => version.kept === null).length,
    blobs: orphans.blobs.length,
    bytes: orphans.blobs.reduce((sum, blob) => sum + blob.bytes, 0),
    items: [
      ...items
        .filter((item) => !stays.has(item))
        .sort((a, b) => b.bytes - a.bytes)
        .slice(0, listed),
      ...orphans.blobs.slice(0, listed).map(
        ({ digest, bytes, modifiedAt }): GarbageItem => ({
          kind: 'blob',
          project: null,
          id: digest,
          name: null,
          since: modifiedAt,
          bytes,
          why: 'nothing needs these bytes any more',
        }),
      ),
    ],
    kept: items.filter((item) => stays.has(item)).slice(0, listed),
    waiting,
    young: orphans.young,
    stored: orphans.stored,
  }
}
