import type { Insertable } from 'kysely'
import type { Column } from '../../contracts/column.ts'
import type { ExpectationContext } from '../../contracts/expectation.ts'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { ChangeContext } from '../../journal/journal.ts'
import { fromJson } from '../../storage/sql/json-column.ts'
import type { DataTables } from '../../storage/sql/tables/data.ts'
import type { Profile } from '../profile/profile.ts'
import {
  type Batch,
  type DatasetVersion,
  type DatasetVersionSummary,
  isRefusal,
  partsOf,
  toSummary,
  toVersion,
  type VersionCounts,
  type VersionPart,
  type VersionSource,
  versionSubject,
} from './dataset-version.ts'

export type NewVersion = Omit<
  Insertable<DataTables['dataset_versions']>,
  'id' | 'version' | 'actor' | 'created_at' | 'pinned' | 'purged_at'
>

export interface Earlier {
  version: number
  specDigest: string
  batches: Batch[]
  sourceSchema: Column[]
}

/** A source that was declared otherwise for so many versions is taken as new. */
const lookedAt = 20

/** What a version's profile and expectations say, without its distributions. */
export interface TimelineEntry {
  version: number
  state: DatasetVersionSummary['state']
  createdAt: number
  rows: number
  quarantined: number
  failing: string[]
  columns: {
    name: string
    type: Column['type']
    missing: number
    distinct: number
    mean: number | null
    deviation: number | null
    quantiles: Record<string, number> | null
  }[]
}

export interface Versions {
  /** The newest versions beside each other, oldest first. */
  timeline(project: string, dataset: string, limit?: number): Promise<TimelineEntry[]>
  list(project: string, dataset: string, page?: { limit?: number; offset?: number }): Promise<DatasetVersionSummary[]>
  count(project: string, dataset: string): Promise<number>
  /** `latest` is the newest published one; another text is a tag. Errors: `not_found`, `dataset_empty`. */
  get(project: string, dataset: string, version: number | string): Promise<DatasetVersion>
  /** What was the newest published version at a time, milliseconds since 1970. Errors: `dataset_empty`. */
  asOf(project: string, dataset: string, time: number): Promise<DatasetVersion>
  latest(project: string, dataset: string): Promise<DatasetVersionSummary | undefined>
  byInput(project: string, dataset: string, inputKey: string): Promise<DatasetVersion | undefined>
  /** The newest version, of any state, that was read from this declaration of the source: what the next builds on. */
  newest(project: string, dataset: string, sourceConfigDigest: string): Promise<Earlier | undefined>
  /** The profile of the newest published version, of a number, or of what a tag names; undefined when there is none. */
  reference(
    project: string,
    dataset: string,
    which: 'previous' | number | string,
  ): Promise<ExpectationContext['reference']>
  /** The files of a version, none when it does not exist. */
  parts(project: string, dataset: string, version: number): Promise<VersionPart[]>
  /** Adds the version with its event, or finds the one with the same input key. */
  publish(context: ChangeContext, version: NewVersion, owner?: string): Promise<DatasetVersion>
}

const summaryColumns = [
  'id', 'project', 'dataset', 'version', 'state', 'input_key', 'digest', 'parts', 'bytes', 'row_count', 'schema', 'window_from', 'window_to', 'label',
  'spec_digest', 'sources', 'expectations', 'counts', 'quarantine_digest', 'quarantine_reasons', 'parent_version', 'actor', 'created_at',
  'pinned', 'purged_at',
] as const // biome-ignore format: a list

/** Dataset versions and what made them, in the SQL store. */
export function createVersions({ store, journal }: Pick<Environment, 'store' | 'journal'>): Versions {
  const of = (project: string, dataset: string) =>
    store.read.selectFrom('dataset_versions').where('project', '=', project).where('dataset', '=', dataset)

  async function eventIds(project: string, dataset: string, versions: number[]): Promise<Map<string, number>> {
    if (versions.length === 0) return new Map()
    const rows = await store.read
      .selectFrom('journal')
      .select(['id', 'subject'])
      .where('project', '=', project)
      .where(
        'subject',
        'in',
        versions.map((version) => versionSubject(dataset, version)),
      )
      .where('type', 'in', ['dataset_version.published', 'dataset_version.rejected'])
      .execute()
    return new Map(rows.map((row) => [row.subject, row.id]))
  }
  const eventId = async (project: string, dataset: string, version: number) =>
    (await eventIds(project, dataset, [version])).get(versionSubject(dataset, version)) ?? null

  const taggedVersion = async (project: string, dataset: string, tag: string) =>
    (
      await store.read
        .selectFrom('dataset_tags')
        .select('version')
        .where('project', '=', project)
        .where('dataset', '=', dataset)
        .where('tag', '=', tag)
        .executeTakeFirst()
    )?.version

  const versions: Versions = {
    async list(project, dataset, { limit = 100, offset = 0 } = {}) {
      const rows = await of(project, dataset)
        .select(summaryColumns)
        .orderBy('version', 'desc')
        .limit(limit)
        .offset(offset)
        .execute()
      const ids = await eventIds(
        project,
        dataset,
        rows.map((row) => row.version),
      )
      return rows.map((row) => toSummary(row, ids.get(versionSubject(dataset, row.version)) ?? null))
    },
    async count(project, dataset) {
      const row = await of(project, dataset)
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .executeTakeFirst()
      return Number(row?.n ?? 0)
    },
    async get(project, dataset, version) {
      const row =
        version === 'latest'
          ? await of(project, dataset)
              .selectAll()
              .where('state', '=', 'published')
              .orderBy('version', 'desc')
              .limit(1)
              .executeTakeFirst()
          : await of(project, dataset)
              .selectAll()
              .where(
                'version',
                '=',
                typeof version === 'number' ? version : ((await taggedVersion(project, dataset, version)) ?? -1),
              )
              .executeTakeFirst()
      if (row) return toVersion(row, await eventId(project, dataset, row.version))
      if (version === 'latest') throw new KedgeError('dataset_empty', { dataset })
      throw new KedgeError('not_found', { kind: 'Dataset version', name: `${dataset}@${version}` })
    },
    async timeline(project, dataset, limit = 100) {
      const rows = await of(project, dataset)
        .select(['version', 'state', 'created_at', 'row_count', 'counts', 'expectations', 'profile'])
        .orderBy('version', 'desc')
        .limit(limit)
        .execute()
      return rows.reverse().map((row) => ({
        version: row.version,
        state: row.state,
        createdAt: row.created_at,
        rows: row.row_count,
        quarantined: fromJson<VersionCounts>(row.counts).quarantined,
        failing: fromJson<DatasetVersionSummary['expectations']>(row.expectations)
          .filter(({ ok }) => !ok)
          .map(({ message }) => message),
        columns: fromJson<Profile>(row.profile).columns.map(
          ({ name, type, missing, distinct, mean, deviation, quantiles }) => ({
            name,
            type,
            missing: row.row_count === 0 ? 0 : missing / row.row_count,
            distinct,
            mean,
            deviation,
            quantiles,
          }),
        ),
      }))
    },
    async asOf(project, dataset, time) {
      const row = await of(project, dataset)
        .selectAll()
        .where('state', '=', 'published')
        .where('created_at', '<=', time)
        .orderBy('version', 'desc')
        .limit(1)
        .executeTakeFirst()
      if (!row) throw new KedgeError('dataset_empty', { dataset })
      return toVersion(row, await eventId(project, dataset, row.version))
    },
    async latest(project, dataset) {
      const row = await of(project, dataset)
        .select(summaryColumns)
        .where('state', '=', 'published')
        .orderBy('version', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row && toSummary(row, await eventId(project, dataset, row.version))
    },
    async byInput(project, dataset, inputKey) {
      const row = await of(project, dataset).selectAll().where('input_key', '=', inputKey).executeTakeFirst()
      return row && toVersion(row, await eventId(project, dataset, row.version))
    },
    async newest(project, dataset, sourceConfigDigest) {
      const rows = await of(project, dataset)
        .select(['version', 'spec_digest', 'batches', 'source_schema', 'sources'])
        .orderBy('version', 'desc')
        .limit(lookedAt)
        .execute()
      const row = rows.find(({ sources }) => fromJson<VersionSource[]>(sources)[0]?.configDigest === sourceConfigDigest)
      return (
        row && {
          version: row.version,
          specDigest: row.spec_digest,
          batches: fromJson<Batch[]>(row.batches),
          sourceSchema: fromJson<Column[]>(row.source_schema),
        }
      )
    },
    async reference(project, dataset, which) {
      let row: { version: number; profile: string } | undefined
      if (which === 'previous')
        row = await of(project, dataset)
          .select(['version', 'profile'])
          .where('state', '=', 'published')
          .orderBy('version', 'desc')
          .limit(1)
          .executeTakeFirst()
      else {
        const number = typeof which === 'number' ? which : await taggedVersion(project, dataset, which)
        if (number !== undefined)
          row = await of(project, dataset)
            .select(['version', 'profile'])
            .where('version', '=', number)
            .executeTakeFirst()
      }
      return row && { version: row.version, ...fromJson<Profile>(row.profile) }
    },
    async parts(project, dataset, version) {
      const row = await of(project, dataset)
        .select(['digest', 'parts', 'bytes', 'row_count'])
        .where('version', '=', version)
        .executeTakeFirst()
      return row ? partsOf(row) : []
    },
    async publish(context, row, owner) {
      const number = await journal.change(context, async (change) => {
        await change.lock(`dataset/${row.project}/${row.dataset}`)
        const same = change.db
          .selectFrom('dataset_versions')
          .where('project', '=', row.project)
          .where('dataset', '=', row.dataset)
        const existing = await same.select('version').where('input_key', '=', row.input_key).executeTakeFirst()
        if (existing) return existing.version
        const last = await same.select('version').orderBy('version', 'desc').limit(1).executeTakeFirst()
        const version = (last?.version ?? 0) + 1
        await change.db
          .insertInto('dataset_versions')
          .values({ ...row, version, actor: change.context.actor, created_at: change.now })
          .execute()
        const counts = fromJson<VersionCounts>(row.counts)
        const data = {
          dataset: row.dataset,
          version,
          digest: row.digest,
          rows: row.row_count,
          quarantined: counts.quarantined,
          removed: counts.removed,
          specDigest: row.spec_digest,
          window:
            row.window_from == null || row.window_to == null ? null : { from: row.window_from, to: row.window_to },
          sources: fromJson<DatasetVersionSummary['sources']>(row.sources),
          parent: row.parent_version ?? null,
        }
        const where = { project: row.project, subject: versionSubject(row.dataset, version) }
        if (row.state === 'published') change.append({ type: 'dataset_version.published', ...where, data })
        else {
          const reasons = fromJson<DatasetVersionSummary['expectations']>(row.expectations)
            .filter(isRefusal)
            .map((result) => result.message)
          change.append({
            type: 'dataset_version.rejected',
            ...where,
            data: { ...data, reasons, ...(owner === undefined ? {} : { owner }) },
          })
        }
        return version
      })
      return versions.get(row.project, row.dataset, number)
    },
  }
  return versions
}
