import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { Change, ChangeContext } from '../../journal/journal.ts'
import type { Retention } from '../dataset-spec.ts'
import { versionSubject } from './dataset-version.ts'

export interface Tag {
  tag: string
  version: number
  actor: string
  createdAt: number
}

/** Which versions are named, kept and let go. */
export interface KeptVersions {
  tags(project: string, dataset: string): Promise<Tag[]>
  /** Names a version; a name that is taken moves. Errors: `not_found`. */
  tag(context: ChangeContext, project: string, dataset: string, tag: string, version: number): Promise<void>
  untag(context: ChangeContext, project: string, dataset: string, tag: string): Promise<void>
  /** Keeps a version's rows whatever the retention says, or no longer. */
  pin(context: ChangeContext, project: string, dataset: string, version: number, pinned: boolean): Promise<void>
  /** Lets the rows of versions go that a retention does not keep; says which. */
  retain(context: ChangeContext, project: string, dataset: string, retention: Retention): Promise<number[]>
}

const day = 86_400_000

export function createKeptVersions({ store, journal }: Pick<Environment, 'store' | 'journal'>): KeptVersions {
  async function needVersion(change: Change, project: string, dataset: string, version: number) {
    const row = await change.db
      .selectFrom('dataset_versions')
      .select('pinned')
      .where('project', '=', project)
      .where('dataset', '=', dataset)
      .where('version', '=', version)
      .executeTakeFirst()
    if (!row) throw new KedgeError('not_found', { kind: 'Dataset version', name: `${dataset}@${version}` })
    return row
  }

  return {
    async tags(project, dataset) {
      const rows = await store.read
        .selectFrom('dataset_tags')
        .selectAll()
        .where('project', '=', project)
        .where('dataset', '=', dataset)
        .orderBy('tag')
        .execute()
      return rows.map(({ tag, version, actor, created_at }) => ({ tag, version, actor, createdAt: created_at }))
    },
    tag: (context, project, dataset, tag, version) =>
      journal.change(context, async (change) => {
        await needVersion(change, project, dataset, version)
        const { actor } = change.context
        await change.db
          .insertInto('dataset_tags')
          .values({ project, dataset, tag, version, actor, created_at: change.now })
          .onConflict((c) =>
            c.columns(['project', 'dataset', 'tag']).doUpdateSet({ version, actor, created_at: change.now }),
          )
          .execute()
        change.append({
          type: 'dataset_version.tagged',
          project,
          subject: versionSubject(dataset, version),
          data: { dataset, version, tag },
        })
      }),
    untag: (context, project, dataset, tag) =>
      journal.change(context, async (change) => {
        const row = await change.db
          .deleteFrom('dataset_tags')
          .where('project', '=', project)
          .where('dataset', '=', dataset)
          .where('tag', '=', tag)
          .returning('version')
          .executeTakeFirst()
        if (!row) throw new KedgeError('not_found', { kind: 'Tag', name: tag })
        change.append({
          type: 'dataset_version.untagged',
          project,
          subject: versionSubject(dataset, row.version),
          data: { dataset, version: row.version, tag },
        })
      }),
    pin: (context, project, dataset, version, pinned) =>
      journal.change(context, async (change) => {
        const before = await needVersion(change, project, dataset, version)
        if ((before.pinned === 1) === pinned) return
        await change.db
          .updateTable('dataset_versions')
          .set({ pinned: pinned ? 1 : 0 })
          .where('project', '=', project)
          .where('dataset', '=', dataset)
          .where('version', '=', version)
          .execute()
        change.append({
          type: 'dataset_version.pinned',
          project,
          subject: versionSubject(dataset, version),
          data: { dataset, version, pinned },
        })
      }),
    retain: (context, project, dataset, { versions, days }) =>
      journal.change(context, async (change) => {
        const rows = await change.db
          .selectFrom('dataset_versions')
          .select(['version', 'state', 'created_at', 'pinned'])
          .where('project', '=', project)
          .where('dataset', '=', dataset)
          .where('purged_at', 'is', null)
          .orderBy('version', 'desc')
          .execute()
        const tagged = await change.db
          .selectFrom('dataset_tags')
          .select('version')
          .where('project', '=', project)
          .where('dataset', '=', dataset)
          .execute()
        const newest = rows.find(({ state }) => state === 'published')?.version
        const old = rows.filter(
          (row, place) =>
            row.pinned === 0 &&
            row.version !== newest &&
            !tagged.some(({ version }) => version === row.version) &&
            (versions === undefined || place >= versions) &&
            (days === undefined || row.created_at < change.now - days * day),
        )
        // what a model was trained on, or another dataset made of, can still be asked for
        const used = await change.db
          .selectFrom('lineage')
          .select('source')
          .distinct()
          .where('project', '=', project)
          .where('relation', '!=', 'continues')
          .where('source', 'in', ['', ...old.map(({ version }) => versionSubject(dataset, version))])
          .execute()
        const going = old
          .filter(({ version }) => !used.some(({ source }) => source === versionSubject(dataset, version)))
          .map(({ version }) => version)
        if (going.length > 0)
          await change.db
            .updateTable('dataset_versions')
            .set({ purged_at: change.now })
            .where('project', '=', project)
            .where('dataset', '=', dataset)
            .where('version', 'in', going)
            .execute()
        for (const version of going)
          change.append({
            type: 'dataset_version.purged',
            project,
            subject: versionSubject(dataset, version),
            data: { dataset, version },
          })
        return going
      }),
  }
}
